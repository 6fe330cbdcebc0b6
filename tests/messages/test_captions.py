"""The caption bank: numbers, searches, many changed at once and taken back, and who may see what."""

import pytest
from pydantic import ValidationError

from kalends.base.ids import new_id
from kalends.messages import captions, creator_pages
from kalends.messages.caption_schemas import BulkChange, CaptionChange, CaptionFilter, CaptionIn
from kalends.messages.captions import CaptionNoTakenError, NoSuchCaptionError, NoSuchEditError
from kalends.messages.creator_pages import NoSuchPageError


def found(work, **wanted):
    return [one.caption_no for one in captions.list_captions(work, wanted=CaptionFilter(**wanted))[1]]


def change(ids, **fields):
    return BulkChange(ids=ids, change=CaptionChange(**fields))


def test_given_numbers_are_kept_and_new_ones_counted_on(add_caption):
    assert [add_caption(caption_no=no).caption_no for no in (None, 4711, None, 12, None)] == [1, 4711, 4712, 12, 4713]
    with pytest.raises(CaptionNoTakenError, match="12"):
        add_caption(caption_no=12)


def test_numbers_may_be_as_long_as_platforms_make_them(add_caption, work):
    add_caption(caption_no=2**40)
    assert found(work, search=str(2**40)) == [2**40]


def test_search_is_plain_words_or_a_number(add_caption, work):
    add_caption("New set: 100% me, in RED")
    add_caption("Good morning_sunshine", category="greeting")
    add_caption("No 100 percent of anything", price_tier="Free")
    assert found(work, search="red 100%") == [1]
    assert found(work, search="100") == [1, 3]
    assert found(work, search="morning_") == [2]
    assert found(work, search="2") == [2]
    assert found(work, search="g_od") == []
    assert found(work, category="greeting") == [2]
    assert found(work, price_tier="Free", is_active=True) == [3]


def test_pages_are_parts_of_the_whole(add_caption, work):
    for number in range(7):
        add_caption(f"Caption {number}")
    total, part = captions.list_captions(work, limit=3, offset=5)
    assert (total, [one.caption_no for one in part]) == (7, [6, 7])


def test_many_are_changed_at_once_and_taken_back(add_caption, work):
    ids = [add_caption(price_tier="Mid").id, add_caption(price_tier="Free").id, add_caption(price_tier="Premium").id]
    edit = captions.change_captions(work, change(ids, price_tier="Free", has_urgency=True))
    assert (edit.changed, edit.unchanged) == (3, 0)
    assert found(work, price_tier="Free", has_urgency=True) == [1, 2, 3]
    again = captions.change_captions(work, change(ids, price_tier="Free"))
    assert (again.changed, again.unchanged) == (0, 3)
    undone = captions.undo_edit(work, change_id=edit.change_id)
    assert undone.changed == 3
    assert [one.price_tier for one in captions.list_captions(work)[1]] == ["Mid", "Free", "Premium"]
    assert captions.undo_edit(work, change_id=edit.change_id).changed == 0


def test_what_was_changed_again_is_not_taken_back(add_caption, work):
    one, two = add_caption().id, add_caption().id
    edit = captions.change_captions(work, change([one, two], category="teaser"))
    captions.change_caption(work, caption_id=two, change=CaptionChange(category="sale"))
    assert captions.undo_edit(work, change_id=edit.change_id).changed == 1
    assert [caption.category for caption in captions.list_captions(work)[1]] == ["general", "sale"]
    with pytest.raises(NoSuchEditError):
        captions.undo_edit(work, change_id=new_id())


def test_all_that_match_are_changed(add_caption, work):
    for text in ("Sale today", "Sale tomorrow", "Hello"):
        add_caption(text)
    wanted = CaptionFilter(search="sale")
    edit = captions.change_captions(work, BulkChange(matching=wanted, change=CaptionChange(is_active=False)))
    assert edit.changed == 2
    assert found(work, is_active=True) == [3]


def test_a_bulk_change_says_which_and_what():
    for wrong in (
        {"change": {"is_active": False}},
        {"ids": [], "matching": {}, "change": {"is_active": False}},
        {"ids": [new_id()], "change": {}},
        {"ids": [new_id()], "change": {"text": "All the same"}},
        {"ids": [new_id()], "change": {"price_tier": "Gold"}},
    ):
        with pytest.raises(ValidationError):
            BulkChange.model_validate(wrong)


def test_one_that_is_not_there_stops_the_whole_change(add_caption, work):
    known = add_caption().id
    with pytest.raises(NoSuchCaptionError, match="only 1"):
        captions.change_captions(work, change([known, new_id()], is_active=False))
    assert captions.get_caption(work, caption_id=known).is_active


def test_people_see_shared_captions_and_those_of_their_pages(add_caption, add_page, work, acting_as):
    luna, nova = add_page("Luna"), add_page("Nova")
    add_caption("Shared")
    add_caption("Luna's", page_id=luna.id)
    hidden = add_caption("Nova's", page_id=nova.id)
    editor = acting_as("editor")
    creator_pages.assign_people(work, page_id=luna.id, person_ids=[editor.scope.person_id])
    assert found(editor) == [1, 2]
    assert found(editor, page_id=nova.id) == []
    assert [one.caption_no for one in captions.usable_captions(editor, page_id=luna.id)] == [1, 2]
    with pytest.raises(NoSuchCaptionError):
        captions.change_captions(editor, change([hidden.id], is_active=False))
    with pytest.raises(NoSuchCaptionError):
        captions.change_caption(editor, caption_id=hidden.id, change=CaptionChange(is_active=False))
    with pytest.raises(NoSuchPageError):
        captions.add_caption(editor, CaptionIn(text="Sneaked in", price_tier="Free", page_id=nova.id))
    with pytest.raises(NoSuchPageError):
        captions.change_captions(editor, BulkChange(matching=CaptionFilter(), change=CaptionChange(page_id=nova.id)))


def test_a_caption_is_shared_by_having_no_page(add_caption, add_page, work):
    page = add_page()
    caption = add_caption(page_id=page.id)
    edit = captions.change_caption(work, caption_id=caption.id, change=CaptionChange(page_id=None))
    assert found(work, page_id="shared") == [1]
    captions.undo_edit(work, change_id=edit.change_id)
    assert found(work, page_id=page.id) == [1]
