import pytest
from django.test import RequestFactory

from common.ui.progress import Progress, State, render

PARTIAL = {"HX-Request": "true"}


@pytest.fixture
def show(mia):
    def ask(progress, headers=None):
        request = RequestFactory().get("/job/", headers=headers or {})
        request.user = mia
        return render(request, progress, url="/job/").text

    return ask


class TestProgress:
    @pytest.mark.parametrize(
        ("done", "total", "percent"),
        [
            (0, 10, 0),
            (1, 3, 33),
            (3, 3, 100),
            (9, 3, 100),
            (5, None, None),
            (5, 0, None),
        ],
    )
    def test_counts_whole_per_cent(self, done, total, percent):
        job = Progress(State.RUNNING, "Import", done=done, total=total)

        assert job.percent == percent

    def test_is_full_when_done_whatever_was_counted(self):
        assert Progress(State.DONE, "Import", done=2, total=3).percent == 100


class TestRender:
    def test_asks_again_while_it_runs(self, show):
        page = show(Progress(State.RUNNING, "Import", done=1, total=4), PARTIAL)

        assert 'hx-get="/job/"' in page
        assert 'aria-valuenow="25"' in page
        assert "<!doctype" not in page

    @pytest.mark.parametrize("state", [State.DONE, State.FAILED])
    def test_stops_asking_when_it_is_over(self, show, state):
        page = show(Progress(state, "Import", message="Line 4."), PARTIAL)

        assert "hx-get" not in page
        assert "Line 4." in page

    def test_leads_to_the_result(self, show):
        page = show(Progress(State.DONE, "Export", result_url="/files/1/"), PARTIAL)

        assert 'href="/files/1/"' in page

    def test_is_a_page_with_a_way_to_look_again_without_scripts(self, show):
        page = show(Progress(State.RUNNING, "Import"))

        assert "<!doctype html>" in page
        assert '<a class="link no-js" href="/job/">' in page
