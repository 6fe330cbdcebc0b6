"""Every page of the room is drawn: the list, a week, why a message is there, the analysis, the settings."""

from datetime import date
from html import unescape

from message_world import add_captions, add_history, add_page

from kalends.messages import schedules

HTML = {"accept": "text/html"}


def test_pages_of_a_built_week_are_drawn(client, house, scope):
    with house.work(scope) as work:
        page = add_page(work)
        bank = add_captions(work, page=page)
        add_history(work, [page], captions=bank, messages=300)
    week = schedules.build(house, scope, page_id=page.id, first_day=date(2026, 3, 9))
    with house.work(scope) as work:
        messages = schedules.view(work, schedule_id=week.id).messages
    paid, bump = (next(each for each in messages if each.message_type == kind) for kind in ("PPV", "Bump"))
    for path, words in (
        ("/messages", "Luna"),
        (f"/messages/{page.id}/week/2026-03-09", "Why so many"),
        (f"/messages/{page.id}/analysis", "Bumps"),
        (f"/messages/message/{paid.id}", "Expected of 1,000 recipients"),
        (f"/messages/message/{bump.id}", "Expected views of 1,000"),
        ("/messages-settings", "from $5,000 in 30 days"),
    ):
        answer = client.get(path, headers=HTML)
        assert (answer.status_code, words in unescape(answer.text)) == (200, True), path
