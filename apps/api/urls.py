from django.urls import path

from apps.api import firing, runs

urlpatterns = [
    path("api/v1/w/<slug:wsid>/events", firing.FireEvent.as_view(), name="api-events"),
    path("api/v1/w/<slug:wsid>/runs", runs.RunList.as_view(), name="api-runs"),
    path("api/v1/w/<slug:wsid>/runs/<uuid:run_id>", runs.RunDetail.as_view(), name="api-run"),
]
