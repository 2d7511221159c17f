"""A new password by a link in a mail: Django's own views and tokens, with our words, our URL, and a pause."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.forms import PasswordResetForm
from django.db.models import Q
from django.urls import reverse_lazy

from apps.accounts import mail
from apps.accounts.models import User
from apps.database import clocks

PAUSE = timedelta(minutes=5)  # between two mails to one person


class ResetForm(PasswordResetForm):
    def get_users(self, email: str) -> list[Any]:
        """As Django's; who was sent a link just now is sent no other."""
        now = clocks.now()
        rested = Q(reset_asked_at=None) | Q(reset_asked_at__lt=now - PAUSE)
        found = super().get_users(email)
        return [one for one in found if User.objects.filter(rested, pk=one.pk).update(reset_asked_at=now)]

    def save(self, **named: Any) -> None:
        """The link leads to our public URL, whatever a request calls us."""
        ours = urlsplit(settings.PUBLIC_URL)
        super().save(**{**named, "domain_override": ours.netloc, "use_https": ours.scheme == "https"})


class AskReset(views.PasswordResetView):
    form_class = ResetForm
    template_name = "pages/account/reset_ask.html"
    email_template_name = "mails/reset.txt"
    subject_template_name = "mails/reset_subject.txt"
    success_url = reverse_lazy("reset-asked")
    extra_context = {"mails": mail.may_send}


class ResetAsked(views.PasswordResetDoneView):
    template_name = "pages/account/reset_asked.html"


class ChoosePassword(views.PasswordResetConfirmView):
    template_name = "pages/account/reset_choose.html"
    success_url = reverse_lazy("sign-in")
