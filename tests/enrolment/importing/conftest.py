import pytest

from enrolment.importing import services


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.IMPORT_DIR = tmp_path / "imports"


@pytest.fixture(autouse=True)
def _nobody_woken(monkeypatch):
    # Tests do the worker's work themselves, at the moment they mean.
    monkeypatch.setattr(services, "async_task", lambda _task: None)
