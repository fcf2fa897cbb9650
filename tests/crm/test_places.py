"""Coordinates, states, postal codes and cities (cases 20 to 26)."""

import pytest

HEAD = "account_id,latitude,longitude,city,state,postal_code,country\n"
CENTROIDS = (
    "postal_code,latitude,longitude,country,state\n38103,35.144,-90.048,US,TN\n"
    "97201,45.51,-122.69,US,OR\n80331,48.13,11.57,DE,\n"
)


@pytest.fixture
def table(desk):
    path = desk.root / "centroids.csv"
    path.write_text(CENTROIDS)
    return path


def test_a_whole_export_without_coordinates(desk):
    content = HEAD + "1,,,Memphis,TN,38103,US\n2,,,Memphis,TN,38103,US\n"
    taken = desk.put(content).take()
    assert taken.column("place_source") == ["none", "none"]
    assert [row for row, _, _ in taken.told("no coordinates; kept without a place")] == [2, 3]
    faults = desk.refused('[accounts]\nmissing_place = "refuse"')
    assert [(fault.row, fault.message) for fault in faults] == [
        (2, "no coordinates"),
        (3, "no coordinates"),
    ]


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        ("0,0", "(0, 0) lies in the sea"),
        ("0.0,0.000", "(0, 0) lies in the sea"),
        ("95,-120", "outside -90 to 90"),
        ("-89.05,35.14", "look swapped: so it would lie in its country"),
        ("-120.5,35.1", "look swapped"),
        ("35.14,90.05", "lost its minus sign"),
        ("35.14,", "only one of the two"),
        ("3889123.4,-10024321.7", "looks like metres"),
        ("35.14,nope", "no number of degrees"),
        ("nan,inf", "no number of degrees"),
        ("NULL,NULL", "no coordinates"),
    ],
)
def test_impossible_places_go_as_the_planner_chose(desk, table, pair, why):
    desk.put(f"{HEAD}1,{pair},Memphis,TN,38103,US\n2,35.1,-90.0,Memphis,TN,38103,US\n")
    kept = desk.take()
    assert kept.column("latitude") == ["", "35.1"]
    assert kept.column("place_source") == ["none", "given"]
    ((row, _, new),) = kept.told(why, "repaired")
    assert (row, new) == (2, "")
    (fault,) = desk.refused('[accounts]\nmissing_place = "refuse"')
    assert (fault.row, fault.column) == (2, "latitude, longitude")
    assert why in fault.message
    filled = desk.take('[accounts]\nmissing_place = "centroid"', centroids=table)
    assert filled.column("latitude") == ["35.144", "35.1"]
    assert filled.column("place_source") == ["postal code", "given"]
    assert filled.told("centre of the postal code was taken")[0][2] == "35.144, -90.048"
    assert filled.instance.coordinates[0].tolist() == [35.144, -90.048]


def test_an_account_without_a_place_is_read_as_one(desk):
    taken = desk.put(HEAD + "1,0,0,,,,\n2,35,-90,,,,\n").take()
    assert str(taken.instance.coordinates[0, 0]) == "nan"


@pytest.mark.parametrize(
    ("pair", "plain"),
    [
        ("35.03 N;89.80 W", ("35.03", "-89.80")),
        ("35,03;-89,8", ("35.03", "-89.8")),
        ("35,034;-89,801", ("35.034", "-89.801")),
        ("35.03°;\u221289.80°", ("35.03", "-89.80")),
    ],
)
def test_degrees_as_people_write_them(desk, pair, plain):
    taken = desk.put(f"account_id;latitude;longitude\n1;{pair}\n2;1.5;2.5\n").take()
    found = taken.column("latitude")[0], taken.column("longitude")[0]
    assert tuple(map(float, found)) == tuple(map(float, plain))
    assert taken.told("plain degrees")


def test_the_degree_column_is_taken_where_metres_stand_beside_it(desk):
    taken = desk.put(
        "account_id,x (m),y (m),latitude,longitude\n1,-10024321,3889123,35.14,-90.05\n"
    ).take()
    assert taken.column("latitude") == ["35.14"]
    assert taken.column("x (m)") == ["-10024321"]


def test_a_place_far_from_its_postal_code_is_noticed_and_kept(desk, table):
    taken = desk.put(
        HEAD + "1,35.03,-89.80,Memphis,TN,38103,US\n2,35.03,-89.80,Memphis,TN,97201,US\n"
    ).take(centroids=table)
    assert taken.column("latitude") == ["35.03", "35.03"]
    ((row, old, _),) = taken.told("km from the centre of its postal code, 97201", "noticed")
    assert (row, old) == (3, "35.03, -89.80")
    assert taken.told("97201 lies in OR", "noticed") == [(3, "TN", "TN")]


def test_the_package_knows_us_postal_codes_offline(desk):
    pytest.importorskip("zipcodes", reason="needs the extra 'import'")
    taken = desk.put(HEAD + "1,,,Memphis,TN,38103-1234,\n2,,,Ulm,,89073,Germany\n").take(
        '[accounts]\nmissing_place = "centroid"'
    )
    assert taken.column("place_source") == ["postal code", "none"]
    assert taken.column("latitude")[0] == "35.144"


def test_centroids_without_the_package_say_what_to_install(desk, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "zipcodes", None)
    (fault,) = desk.put(HEAD + "1,,,,,38103,US\n").refused('[accounts]\nmissing_place = "centroid"')
    assert 'pip install "territoryopt[import]"' in fault.remedy
    assert "--centroids" in fault.remedy


def test_centroids_with_faults_are_refused(desk, table):
    table.write_text("postal_code,latitude,longitude\n1,99,0\n2,x,5\n")
    desk.put(HEAD + "1,,,,,38103,US\n")
    rows = {fault.row for fault in desk.refused(centroids=table)}
    assert rows == {2, 3}


def test_states_and_postal_codes_in_many_spellings(desk):
    taken = desk.put(
        HEAD
        + "1,,,Memphis,TN ,38103,US\n2,,,Memphis,Tennessee,38103-0001,United States\n"
        + "3,,,London,UK,SW1A 1AA,US\n4,,,Toronto,ON,M5V 2T6,CA\n5,,,Perth,WA,6000,Australia\n"
    ).take()
    assert taken.column("state") == ["TN", "TN", "UK", "ON", "WA"]
    assert taken.column("postal_code") == ["38103", "38103-0001", "SW1A 1AA", "M5V 2T6", "6000"]
    assert taken.told("spaces around") == [(2, "TN ", "TN")]
    assert taken.told("name of a state") == [(3, "Tennessee", "TN")]
    assert taken.told("no state of the US", "noticed") == [(4, "UK", "UK")]
    assert taken.told("no postal code of the US", "noticed") == [(4, "SW1A 1AA", "SW1A 1AA")]


def test_a_city_in_several_spellings_is_noticed(desk):
    taken = desk.put(HEAD + "1,,,München,,,DE\n2,,,Munchen,,,DE\n3,,,Muenchen,,,DE\n").take()
    assert taken.column("city") == ["München", "Munchen", "Muenchen"]
    assert taken.told("several ways", "noticed")[0][1] == "Muenchen, Munchen, München"


def test_stacked_coordinates_are_noticed(desk):
    taken = desk.put(HEAD + "1,35,-90,,,,\n2,35,-90,,,,\n3,36,-91,,,,\n").take()
    assert taken.told("2 rows share 1 places", "noticed")


def test_a_place_outside_its_country_is_noticed(desk):
    taken = desk.put(HEAD + "1,10.5,-66.9,Caracas,,,US\n").take()
    assert taken.column("latitude") == ["10.5"]
    assert taken.told("outside its country", "noticed") == [
        (2, "10.5, -66.9 (US)", "10.5, -66.9 (US)")
    ]


def test_negative_numbers_are_written_as_numbers(desk):
    taken = desk.put("account_id,latitude,longitude,net\n-1,35.5,-90.25,-5\n2,36,-91,-x\n").take()
    text = (taken.made.folder / "accounts.csv").read_text()
    assert "'-1,35.5,-90.25,given,-5\n2,36,-91,given,'-x\n" in text
    assert taken.column("account_id") == ["-1", "2"]
