"""Closed accounts, parents and families (cases 31 and 32)."""

import random


def test_closed_and_deleted_accounts_are_left_out_or_kept(desk):
    desk.put("account_id,deleted,status\n1,false,Active\n2,TRUE,Active\n3,,Closed\n4,0,\n")
    taken = desk.take()
    assert taken.column("account_id") == ["1", "4"]
    assert taken.told("closed or deleted, so it was left out") == [
        (3, "TRUE", ""),
        (4, "Closed", ""),
    ]
    kept = desk.take('[accounts]\nclosed = "keep"')
    assert kept.column("account_id") == ["1", "2", "3", "4"]
    assert len(kept.told("closed or deleted", "noticed")) == 2


def test_what_is_wrong_with_a_closed_account_does_not_matter(desk):
    taken = desk.put("account_id,deleted,potential\n1,no,5\n2,yes,many\n").take()
    assert taken.column("potential") == ["5"]


def test_parents_make_families_over_several_floors(desk):
    taken = desk.put(
        "account_id,name,parent_id\n1,Head,\n2,Mid,1\n3,Low,2\n4,Alone,\n5,Low too,2\n"
    ).take()
    assert taken.column("family") == ["1", "1", "1", "", "1"]
    assert taken.column("parent") == ["", "1", "2", "", "2"]
    assert list(taken.instance.family) == ["1", "1", "1", "", "1"]


def test_parents_by_name_only_where_one_account_has_it(desk):
    taken = desk.put(
        "account_id,name,parent\n1,Head,\n2,Twin,\n3,Twin,\n4,a,Head\n5,b,Twin\n"
    ).take()
    assert taken.column("family") == ["1", "", "", "1", ""]
    assert taken.told("found by its name") == [(5, "Head", "1")]
    assert taken.told("several accounts have the name") == [(6, "Twin", "")]


def test_a_missing_parent_is_told_and_its_children_stay_together(desk):
    taken = desk.put("account_id,parent_id\n1,99\n2,99\n3,98\n4,N/A\n").take()
    assert taken.column("family") == ["99", "99", "", ""]
    assert taken.told("parent is not in the file", "noticed") == [
        (2, "99", "99"),
        (3, "99", "99"),
        (4, "98", "98"),
    ]
    assert taken.told("parent that is not known") == [(5, "N/A", "")]


def test_a_circle_of_parents_is_told_and_not_taken(desk):
    taken = desk.put("account_id,parent_id\n1,2\n2,3\n3,1\n4,1\n5,5\n").take()
    assert taken.column("family") == ["1", "", "", "1", ""], "4 stays with 1"
    assert [e[:2] for e in taken.told("round in a circle")] == [(2, "2"), (3, "3"), (4, "1")]
    assert taken.told("its own parent") == [(6, "5", "")]


def test_a_family_under_two_owners_is_noticed(desk):
    taken = desk.put("account_id,parent_id,owner\n1,,R-1\n2,1,R-2\n3,1,R-1\n4,1,\n").take()
    assert taken.told("another owner than the rest", "noticed") == [(3, "R-2", "R-2")]


def test_salesforce_parents_of_either_length(desk):
    a, b = "0014000000Lmabc", "0014000000LmabcAAB"
    reps = "User ID,Full Name\n0054000000AbCdE,Ann\n"
    taken = desk.put(
        f"Account ID,Account Name,Parent Account ID\n{a},x,\n0014000000LmabD,y,{b}\n"
        f"0014000000LmabE,z,{a}\n", reps,
    ).take()  # fmt: skip
    assert taken.column("family") == [b, b, b]


def test_a_chain_of_many_floors_against_walking_it(desk):
    rng = random.Random(3)
    n = 3_000
    parent = {k: rng.randrange(k) if k and rng.random() < 0.9 else None for k in range(n)}
    parent |= {k: k - 1 for k in range(1, 1_000)}
    rows = "".join(f"a{k},{'' if p is None else f'a{p}'}\n" for k, p in parent.items())
    taken = desk.put(f"account_id,parent_id\n{rows}").take()

    def head(k):
        while parent[k] is not None:
            k = parent[k]
        return k

    heads = [head(k) for k in range(n)]
    sizes = {h: heads.count(h) for h in set(heads)}
    assert taken.column("family") == [f"a{h}" if sizes[h] > 1 else "" for h in heads]
