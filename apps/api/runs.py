"""What became of a request: runs as JSON, for the systems that send us events."""

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.access import PartnerView
from apps.runs.models import Run
from apps.runs.upkeep.run_history import describe_run
from apps.triggers.models import ENVIRONMENTS

PAGE = 50


class Wanted(serializers.Serializer):
    """The filters of the list; another word in their place is answered 400 with the field."""

    status = serializers.ChoiceField(Run.State.choices, required=False)
    environment = serializers.ChoiceField(ENVIRONMENTS, required=False)
    workflow = serializers.SlugField(max_length=20, required=False)


class RunRow(serializers.ModelSerializer):
    """A line of the list; `request_id` is what the webhook answered."""

    request_id = serializers.UUIDField(source="event_id")
    workflow = serializers.CharField(source="workflow.slug")
    version = serializers.CharField()
    status = serializers.CharField(source="state")

    class Meta:
        model = Run
        fields = ("id", "request_id", "workflow", "version", "environment", "status", "error", "created_at", "ended_at")
        read_only_fields = fields


class NewestFirst(CursorPagination):
    page_size, ordering = PAGE, "-id"


class RunList(PartnerView, ListAPIView):
    """GET: the runs of the workspace, newest first, 50 a page; `next` leads on."""

    serializer_class = RunRow
    pagination_class = NewestFirst

    def get_queryset(self) -> Any:
        wanted = Wanted(data=self.request.query_params)
        wanted.is_valid(raise_exception=True)
        columns = {"status": "state", "environment": "environment", "workflow": "workflow__slug"}
        chosen = {columns[name]: value for name, value in wanted.validated_data.items()}
        return Run.objects.of(self.workspace).filter(**chosen).select_related("workflow", "version")


class RunDetail(PartnerView):
    """GET: one run by its id or its request's id, with its steps and messages, as `show_run --json` tells it."""

    def get(self, request: Request, wsid: str, run_id: str) -> Response:
        told = describe_run(str(run_id), self.workspace)
        if told is None:
            raise Http404
        return Response(told.model_dump(mode="json"))
