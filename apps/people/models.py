"""People and their identities. Only `finding.py` and `profiles.py` write them."""

from django.db import models

from apps.common.ids import ordered_id
from apps.engine.values.identities import KIND_WORDS, MAX_IDENTITY
from apps.engine.values.profiles import TYPE_WORDS
from apps.workspaces.models import Owned


class Person(Owned):
    """Somebody whom messages are for. What is known of her beside her identities are the `attributes`."""

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    name = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=60, blank=True, help_text="As Asia/Kolkata; empty: the workspace's.")
    language = models.CharField(max_length=35, blank=True, help_text="As en or pt-BR.")
    attributes = models.JSONField(default=dict, blank=True, help_text="All else that is known, by name.")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(help_text="When the profile was changed last.")

    class Meta:
        verbose_name_plural = "people"
        indexes = [models.Index(fields=["workspace", "-id"], name="person_of_workspace")]

    def __str__(self) -> str:
        return self.name or str(self.id)


class PersonIdentity(Owned):
    """Something by which a person is known. It is never taken away: an old one finds her for ever."""

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="identities", db_index=False)
    kind = models.CharField(max_length=20, choices=list(KIND_WORDS.items()))
    scope = models.CharField(max_length=100, blank=True, help_text="Within what it is unique: a WhatsApp portfolio.")
    value = models.CharField(max_length=MAX_IDENTITY)
    since = models.DateTimeField(help_text="When it was seen first.")
    superseded_by = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+", help_text="What took its place."
    )

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            # The value first: a search by the beginning of any identity is one walk along this index.
            models.UniqueConstraint(
                fields=["workspace", "value", "kind", "scope"],
                name="one_person_per_identity",
                opclasses=["int8_ops", *["varchar_pattern_ops"] * 3],  # PostgreSQL: for beginnings, too
            )
        ]
        indexes = [models.Index(fields=["person", "kind"], name="identity_of_person")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"


class AttributeType(Owned):
    """An attribute that people of this workspace have, and its type: the same for all."""

    name = models.CharField(max_length=100)
    type = models.CharField(max_length=10, choices=list(TYPE_WORDS.items()))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_type_per_attribute")]

    def __str__(self) -> str:
        return self.name


class PersonTerm(Owned):
    """A value of an attribute, by which people are found; see `terms.py`. An index, no record."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="terms")
    name = models.CharField(max_length=100)
    word = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["workspace", "word", "-person"], name="person_of_word")]

    def __str__(self) -> str:
        return self.word


class SamePerson(Owned):
    """News named identities of two people: they may be one. A suggestion; nobody is joined by it."""

    first = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="maybe_also", db_index=False)
    second = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    why = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "suggestion that two people are one"
        verbose_name_plural = "suggestions that two people are one"
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="one_suggestion_per_pair")]
        indexes = [models.Index(fields=["workspace", "-id"], name="same_person_of_workspace")]

    def __str__(self) -> str:
        return f"{self.first} and {self.second}"


class Cohort(Owned):
    """A set of people that somebody else keeps, as a source told of it; see `cohorts.py`."""

    # Plain ids: sources lie above this app.
    source_id = models.BigIntegerField(help_text="The source that tells of it.")
    environment = models.CharField(max_length=10)
    key = models.CharField(max_length=200, help_text="Its id there.")
    name = models.CharField(max_length=200, blank=True)
    description = models.CharField(max_length=500, blank=True)
    size = models.PositiveIntegerField(default=0, help_text="How many are in it.")
    made_at = models.DateTimeField()
    updated_at = models.DateTimeField(help_text="When its source told of it last.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "source_id", "environment", "key"], name="one_cohort_per_key")
        ]

    def __str__(self) -> str:
        return self.name or self.key


class CohortMembership(models.Model):
    """Somebody who is, or was, in a cohort."""

    id = models.UUIDField(primary_key=True, default=ordered_id, editable=False)
    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    member_id = models.CharField(max_length=255, help_text="The source's id of this person.")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="cohorts")
    session = models.CharField(max_length=200, blank=True, help_text="The sync that named this person last.")
    entered_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cohort", "member_id"], name="one_membership_per_member")]
        indexes = [
            models.Index(fields=["cohort", "-id"], condition=models.Q(left_at__isnull=True), name="in_cohort"),
        ]

    def __str__(self) -> str:
        return self.member_id


class CohortSync(models.Model):
    """One sync of a cohort: which of its pages are in, and what it changed. The counts over time."""

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="syncs")
    session = models.CharField(max_length=200)
    is_whole = models.BooleanField(help_text="It names all who are in it; who is not named has left.")
    pages = models.PositiveIntegerField(default=1)
    seen = models.JSONField(default=list, help_text="The numbers of the pages that are in.")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="When all pages were in.")
    entered = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    size = models.PositiveIntegerField(default=0, help_text="How many were in it afterwards.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cohort", "session"], name="one_sync_per_session")]

    def __str__(self) -> str:
        return f"{self.cohort} {self.began_at:%Y-%m-%d %H:%M}"


class Suppression(Owned):
    """Somebody to whom nothing is sent any more, by something that the person is known by."""

    kind = models.CharField(max_length=20, choices=list(KIND_WORDS.items()))
    value = models.CharField(max_length=MAX_IDENTITY)
    why = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "value", "kind"], name="one_suppression_per_value")]

    def __str__(self) -> str:
        return self.value


class ErasureRequest(Owned):
    """Somebody asked to be forgotten. Runs and messages have stopped; the data is still to be erased."""

    event_id = models.UUIDField(unique=True, help_text="The news that asked for it.")
    person = models.ForeignKey(Person, null=True, on_delete=models.SET_NULL, related_name="+")
    known_as = models.CharField(max_length=MAX_IDENTITY, help_text="What the request names.")
    asked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["workspace", "-id"], name="erasure_of_workspace")]

    def __str__(self) -> str:
        return self.known_as
