"""The test inbox: what was sent to nobody outside, as people would have read it."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.channels.models import CapturedMessage
from apps.console.page.page import asked, paged, show
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import member


@require_safe
@member
def captured_messages(request: HttpRequest, membership: Membership) -> HttpResponse:
    rows = CapturedMessage.objects.of(membership.workspace).select_related("delivery").order_by("-id")
    wanted = asked(request)
    if wanted:
        rows = rows.filter(Q(address__icontains=wanted) | Q(text__icontains=wanted) | Q(subject__icontains=wanted))
    shown = {"here": "test-inbox", "captured": paged(request, rows), "q": wanted}
    return show(request, "pages/test_inbox.html", membership, shown)
