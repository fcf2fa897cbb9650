"""What CRM systems call the columns that an instance is made of.

A label counts without capitals, spaces and signs, so `Billing Zip/Postal Code` is
`billingzippostalcode`. Where a layout has several labels for a field, the first that is there is
taken. Labels of Salesforce are those of its API and its reports in English, of HubSpot those of
its export in English and German, of Dynamics 365 those of "Export to Excel" and of its Web API.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

Labels = Mapping[str, tuple[str, ...]]
"""Field -> the labels it may have, the best first."""

PLAIN = "plain"
AMOUNTS = ("potential", "annual_revenue", "employees", "visits_per_year", "hours_per_visit",
           "capacity")  # fmt: skip
PLACES = ("latitude", "longitude", "home_latitude", "home_longitude")
DATES = ("last_activity", "created")


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of export. `salesforce`: its ids have 15 or 18 characters."""

    name: str
    labels: Labels
    salesforce: bool = False
    machine: bool = False  # numbers are written by a program: a point before the fraction


def squashed(label: str) -> str:
    """A label without capitals, spaces and signs."""
    return re.sub(r"[\W_]+", "", label.casefold())


def _labels(**fields: str) -> Labels:
    return {
        field: tuple(squashed(label) for label in labels.split("|"))
        for field, labels in fields.items()
    }


ACCOUNT_LAYOUTS = (
    Layout(
        "salesforce api",
        _labels(
            account_id="Id", name="Name", parent="ParentId", current_rep="OwnerId",
            deleted="IsDeleted", street="BillingStreet|ShippingStreet",
            city="BillingCity|ShippingCity", state="BillingState|BillingStateCode|ShippingState",
            postal_code="BillingPostalCode|ShippingPostalCode",
            country="BillingCountry|BillingCountryCode|ShippingCountry",
            latitude="BillingLatitude|ShippingLatitude",
            longitude="BillingLongitude|ShippingLongitude", industry="Industry",
            annual_revenue="AnnualRevenue", employees="NumberOfEmployees",
            currency="CurrencyIsoCode", last_activity="LastActivityDate", created="CreatedDate",
        ),
        salesforce=True,
        machine=True,
    ),
    Layout(
        "salesforce report",
        _labels(
            account_id="Account ID|Account ID (18)|Account ID 18", name="Account Name",
            parent="Parent Account ID|Parent Account", current_rep="Account Owner ID|Owner ID|"
            "Account Owner|Account Owner Email", deleted="Deleted|Is Deleted",
            street="Billing Street|Billing Address Line 1|Shipping Street",
            city="Billing City|Shipping City",
            state="Billing State/Province|Billing State|Shipping State/Province",
            postal_code="Billing Zip/Postal Code|Billing Postal Code|Shipping Zip/Postal Code",
            country="Billing Country|Shipping Country",
            latitude="Billing Latitude|Billing Address (Latitude)|Shipping Latitude",
            longitude="Billing Longitude|Billing Address (Longitude)|Shipping Longitude",
            industry="Industry", annual_revenue="Annual Revenue (converted)|Annual Revenue",
            employees="Employees", currency="Annual Revenue (converted) Currency|"
            "Annual Revenue Currency|Account Currency", last_activity="Last Activity",
            created="Created Date",
        ),
        salesforce=True,
    ),
    Layout(
        "hubspot",
        _labels(
            account_id="Record ID|Datensatz-ID|Record ID - Company",
            name="Company name|Unternehmensname|Name des Unternehmens|Name",
            parent="Parent Company ID|Parent company|Associated Parent Company IDs",
            current_rep="Company owner|HubSpot Owner|Owner|"
            "Für das Unternehmen zuständiger Mitarbeiter|Zuständiger Mitarbeiter",
            street="Street Address|Straße", city="City|Stadt|Ort",
            state="State/Region|Bundesland/Region",
            postal_code="Postal Code|Postleitzahl", country="Country/Region|Country|Land/Region",
            latitude="Latitude|Breitengrad", longitude="Longitude|Längengrad",
            industry="Industry|Branche", annual_revenue="Annual Revenue|Jahresumsatz",
            employees="Number of Employees|Anzahl der Mitarbeiter", currency="Currency",
            last_activity="Last Activity Date|Datum der letzten Aktivität",
            created="Create Date|Erstellungsdatum",
        ),
    ),
    Layout(
        "dynamics 365",
        _labels(
            account_id="(Do Not Modify) Account|accountid", name="Account Name|name",
            parent="Parent Account|_parentaccountid_value",
            current_rep="Owner|_ownerid_value|ownerid", status="Status|statecode",
            street="Address 1: Street 1|address1_line1", city="Address 1: City|address1_city",
            state="Address 1: State/Province|address1_stateorprovince",
            postal_code="Address 1: ZIP/Postal Code|address1_postalcode",
            country="Address 1: Country/Region|address1_country",
            latitude="Address 1: Latitude|address1_latitude",
            longitude="Address 1: Longitude|address1_longitude", industry="Industry|industrycode",
            annual_revenue="Annual Revenue (Base)|revenue_base|Annual Revenue|revenue",
            employees="Number of Employees|numberofemployees",
            currency="Currency|_transactioncurrencyid_value", created="Created On|createdon",
        ),
    ),
    Layout(
        PLAIN,
        _labels(
            account_id="account_id|account id|customer_id|customer number|customer no|id|"
            "account number", name="name|account name|customer name|customer|company",
            parent="parent_id|parent|parent account|parent_account_id",
            current_rep="current_rep|rep_id|rep|owner|owner_id|sales rep|salesperson|account owner",
            locked_rep="locked_rep", last_rep="last_rep|last order rep|rep of last order",
            deleted="deleted|is_deleted", status="status", street="street|address",
            city="city|town", state="state|province",
            postal_code="postal_code|zip|zip code|postcode|plz", country="country",
            latitude="latitude|lat", longitude="longitude|lon|lng|long",
            industry="industry", annual_revenue="annual_revenue|revenue|yearly revenue",
            potential="potential|annual potential", employees="employees|number of employees",
            visits_per_year="visits_per_year", hours_per_visit="hours_per_visit",
            requires="requires", wishes="wishes", family="family", apart="apart",
            currency="currency", last_activity="last_activity|last order|last order date",
            created="created",
        ),
    ),
)  # fmt: skip

REP_LAYOUTS = (
    Layout(
        "salesforce user",
        _labels(
            rep_id="Id|User ID", name="Name|Full Name", first_name="FirstName|First Name",
            last_name="LastName|Last Name", email="Email", active="IsActive|Active",
            home_latitude="Latitude", home_longitude="Longitude", capacity="capacity",
            skills="skills",
        ),
        salesforce=True,
    ),
    Layout(
        "hubspot",
        _labels(
            rep_id="Owner ID|User ID|HubSpot Owner ID", name="Name|Owner name",
            first_name="First name|Vorname", last_name="Last name|Nachname",
            email="Email|E-Mail", active="Active", home_latitude="Home latitude|Latitude",
            home_longitude="Home longitude|Longitude", capacity="capacity", skills="skills",
        ),
    ),
    Layout(
        "dynamics 365",
        _labels(
            rep_id="(Do Not Modify) User|systemuserid", name="Full Name|fullname",
            email="Primary Email|internalemailaddress", status="Status",
            home_latitude="Address 1: Latitude|address1_latitude",
            home_longitude="Address 1: Longitude|address1_longitude", capacity="capacity",
            skills="skills",
        ),
    ),
    Layout(
        PLAIN,
        _labels(
            rep_id="rep_id|id|employee_id|sales rep id|salesperson id",
            name="name|rep name|full name", first_name="first_name", last_name="last_name",
            email="email|e-mail", active="active|is_active", status="status",
            home_latitude="home_latitude|latitude|lat",
            home_longitude="home_longitude|longitude|lon|lng",
            capacity="capacity|hours per year", skills="skills",
        ),
    ),
)  # fmt: skip

OURS = _labels(
    potential="potential", visits_per_year="visits_per_year", hours_per_visit="hours_per_visit",
    requires="requires", wishes="wishes", family="family", apart="apart", locked_rep="locked_rep",
    last_rep="last_rep", latitude="latitude", longitude="longitude",
)  # fmt: skip
"""Columns that an export of any CRM may have been given for us, under our own names."""

LAYOUTS = {"accounts": ACCOUNT_LAYOUTS, "reps": REP_LAYOUTS}
ID_FIELD = {"accounts": "account_id", "reps": "rep_id"}
FIELDS = {
    kind: tuple(dict.fromkeys(field for layout in layouts for field in layout.labels))
    for kind, layouts in LAYOUTS.items()
}
"""The fields of a file that a mapping may name a column for."""


def match(kind: str, names: Sequence[str]) -> tuple[Layout, dict[str, str]]:
    """The layout that knows most of the columns, and field -> column under it.

    A layout without its column of ids is taken only where no layout has one.
    """
    found = [(layout, _columns(layout, names)) for layout in LAYOUTS[kind]]

    def known(pair: tuple[Layout, dict[str, str]]) -> tuple[bool, int, bool]:
        layout, columns = pair
        own = sum(field in layout.labels for field in columns)
        ours = layout.name == PLAIN and columns.get(ID_FIELD[kind]) == ID_FIELD[kind]
        return ID_FIELD[kind] in columns, own, ours

    # `max` keeps the first of equals: a CRM's own layout goes before plain columns
    return max(found, key=known)


def is_known(kind: str, records: Sequence[Sequence[str]]) -> bool:
    """Whether one of the records names the column of the ids."""
    return any(ID_FIELD[kind] in match(kind, record)[1] for record in records)


def _all_labels(layout: Layout) -> list[tuple[str, tuple[str, ...]]]:
    ours = OURS.items() if layout in ACCOUNT_LAYOUTS else ()
    return [*layout.labels.items(), *ours]


def _columns(layout: Layout, names: Sequence[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for name in names:
        known.setdefault(squashed(name), name)
    out: dict[str, str] = {}
    taken: set[str] = set()
    for field, labels in _all_labels(layout):
        if field in out:
            continue
        column = next((known[x] for x in labels if x in known and known[x] not in taken), None)
        if column is not None:
            out[field] = column
            taken.add(column)
    return out


def find_header(kind: str, head: Sequence[Sequence[str]], wanted: Collection[str] = ()) -> int:
    """The index of the record that names the columns: the one with the most of `wanted`, else with
    the most labels known, or the first that is as wide as most where none has an id."""
    named = [[" ".join(cell.split()) for cell in record] for record in head]
    hits = [sum(name in names for name in wanted) for names in named]
    if max(hits) > 0:
        return hits.index(max(hits))
    scores = []
    for names in named:
        fields = match(kind, names)[1]
        scores.append((ID_FIELD[kind] in fields, len(fields)))
    best = max(range(len(scores)), key=lambda k: (scores[k], -k))
    if scores[best][0]:
        return best
    widths = [sum(bool(cell.strip()) for cell in record) for record in head]
    usual = max(set(widths), key=lambda width: (widths.count(width), width))
    return next(k for k, width in enumerate(widths) if width >= min(usual, 2) and width > 0)
