"""How the admin shows rows: bounded paging everywhere, and rows of the machine read-only."""

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, Q, QuerySet, UUIDField
from django.http import HttpRequest

from apps.adminkit.admin_links import shown
from apps.adminkit.paging import MAX_ROWS, BoundedPaginator
from apps.common.ids import uuid_in


def one_of(name: str, words: Sequence[str]) -> type[admin.SimpleListFilter]:
    """A filter over known words; Django's own would read the whole table for them."""

    class OneOf(admin.SimpleListFilter):
        title, parameter_name = name, name

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(word, word.replace("_", " ")) for word in words]

        def queryset(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
            return rows.filter(**{name: self.value()}) if self.value() in words else rows

    return OneOf


ENVIRONMENT = one_of("environment", ("live", "test"))


class BoundedList(ChangeList):
    """A list whose date line is drawn from the rows that its pages reach, not from the whole table."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if self.date_hierarchy:
            reached = self.queryset.order_by("-pk").values("pk")[:MAX_ROWS]
            self.queryset = self.model._base_manager.filter(pk__in=reached)


class ListAdmin(admin.ModelAdmin):
    """A list that stays fast at a million rows: `finds` are looked up whole, by an index; `search_fields` are few."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    ordering = ("-pk",)
    finds: Sequence[str] = ()
    lookups: Sequence[str] = ()

    @admin.display(description="id", ordering="pk")
    def short_id(self, row: Model) -> str:
        """The end of a long id, which tells rows apart; the whole one stands on the row's page."""
        return f"…{str(row.pk)[-12:]}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedList

    def get_search_fields(self, request: HttpRequest) -> Sequence[str]:
        return (*self.finds, *self.search_fields)

    def get_search_results(self, request: HttpRequest, rows: QuerySet[Any], wanted: str) -> tuple[QuerySet[Any], bool]:
        """Whole values, each by its index; where a model has `finds`, nothing else is looked through."""
        wanted = wanted.replace("\x00", "").strip()
        if not wanted or not self.finds:
            return super().get_search_results(request, rows, wanted)
        return rows.filter(self._exactly(wanted)), False

    def _exactly(self, wanted: str) -> Q:
        key = uuid_in(wanted)
        names = [n for n in self.finds if _may_hold(self.model, n, key)]
        found = [Q(**{name: key if _is_uuid(self.model, name) else wanted}) for name in names]
        return Q.create([*found, Q(pk__in=[])], connector=Q.OR)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what a filter, the date line or a link of ours asks: else a URL could guess tokens letter by letter."""
        named = {getattr(one, "parameter_name", one) for one in self.list_filter}
        known = {*named, *self.lookups, self.date_hierarchy, self.opts.pk.name}
        return lookup in known or lookup.rpartition("__")[0] in known or lookup.split("__")[0] in named

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [shown(self.model, name) for name in super().get_list_display(request)]


class ReadOnlyAdmin(ListAdmin):
    """Rows that only the machine writes."""

    change_form_template = "admin/journal_form.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        hidden = set(self.exclude or ())
        names = [f.name for f in self.model._meta.concrete_fields if f.name not in hidden]
        return [*self.readonly_fields, *(shown(self.model, name) for name in names)]


class ReadOnlyRows(admin.StackedInline):
    """Rows below their parent, read-only."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _may_hold(model: type[Model], path: str, key: uuid.UUID | None) -> bool:
    """An id is in no other table's words, and other words are no id: so each query keeps to its indexes."""
    return "__" not in path if key is not None else not _is_uuid(model, path)


def _is_uuid(model: type[Model], path: str) -> bool:
    if "__" in path:
        return False
    field = model._meta.get_field(path)
    return isinstance(field.target_field if field.is_relation else field, UUIDField)
