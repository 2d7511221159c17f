from typing import Any

from django.contrib import admin

from apps.adminkit.admin_links import links, rows_link
from apps.adminkit.list_admin import ENVIRONMENT, ReadOnlyRows
from apps.people.models import (
    AttributeType,
    Cohort,
    CohortMembership,
    CohortSync,
    ErasureRequest,
    Person,
    PersonIdentity,
    PersonTerm,
    SamePerson,
    Suppression,
)
from apps.workspaces.owned_admin import JournalAdmin


class IdentityRows(ReadOnlyRows):
    model = PersonIdentity
    fields = ("kind", "value", "scope", "since", "superseded_by")


@admin.register(Person)
class PeopleAdmin(JournalAdmin):
    list_display = ("id", "workspace", "name", "language", "time_zone", "updated_at")
    list_select_related = ("workspace",)
    finds = ("id", "identities__value")
    date_hierarchy = "created_at"
    readonly_fields = ("more",)
    inlines = (IdentityRows,)

    @admin.display(description="see also")
    def more(self, person: Person) -> Any:
        return links(rows_link("people_personterm", "What finds this person", person=person.pk))


@admin.register(PersonIdentity)
class PersonIdentityAdmin(JournalAdmin):
    list_display = ("value", "kind", "workspace", "person", "since", "superseded_by")
    list_select_related = ("workspace", "person", "superseded_by")
    finds = ("value",)


@admin.register(PersonTerm)
class PersonTermAdmin(JournalAdmin):
    list_display = ("word", "person", "workspace")
    list_select_related = ("workspace", "person")
    finds = ("word",)
    lookups = ("person",)


@admin.register(AttributeType)
class AttributeTypeAdmin(JournalAdmin):
    list_display = ("name", "type", "workspace")
    list_select_related = ("workspace",)
    finds = ("name",)


@admin.register(SamePerson)
class SamePersonAdmin(JournalAdmin):
    list_display = ("first", "second", "why", "workspace", "at")
    list_select_related = ("workspace", "first", "second")
    date_hierarchy = "at"


@admin.register(Cohort)
class CohortAdmin(JournalAdmin):
    list_display = ("name", "key", "environment", "size", "workspace", "updated_at")
    list_filter = (ENVIRONMENT,)
    list_select_related = ("workspace",)
    finds = ("key", "name")
    readonly_fields = ("more",)

    @admin.display(description="see also")
    def more(self, cohort: Cohort) -> Any:
        return links(
            rows_link("people_cohortmembership", "Who is in it", cohort=cohort.pk),
            rows_link("people_cohortsync", "How it changed", cohort=cohort.pk),
        )


@admin.register(CohortMembership)
class CohortMembershipAdmin(JournalAdmin):
    owner = "cohort__workspace"
    list_display = ("member_id", "cohort", "person", "entered_at", "left_at")
    list_select_related = ("cohort", "person")
    finds = ("member_id",)
    lookups = ("cohort",)


@admin.register(CohortSync)
class CohortSyncAdmin(JournalAdmin):
    owner = "cohort__workspace"
    list_display = ("cohort", "began_at", "ended_at", "entered", "left", "size")
    list_select_related = ("cohort",)
    finds = ("session",)
    lookups = ("cohort",)


@admin.register(Suppression)
class SuppressionAdmin(JournalAdmin):
    list_display = ("value", "kind", "why", "workspace", "at")
    list_filter = ("kind",)
    list_select_related = ("workspace",)
    finds = ("value",)


@admin.register(ErasureRequest)
class ErasureRequestAdmin(JournalAdmin):
    list_display = ("known_as", "person", "asked_at", "done_at", "workspace")
    list_select_related = ("workspace", "person")
    finds = ("known_as",)
