"""What people fill in to become members, and staff to make a poster."""

from enrolment.forms.finishing import NO, YES, FinishForm
from enrolment.forms.posters import PosterForm
from enrolment.forms.starting import EmailForm, NumberForm

__all__ = ["NO", "YES", "EmailForm", "FinishForm", "NumberForm", "PosterForm"]
