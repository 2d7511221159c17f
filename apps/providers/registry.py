"""The providers, by kind."""

from apps import providers
from apps.common.registry import Registry
from apps.providers.contract import Provider

PROVIDERS: Registry[Provider] = Registry(providers, Provider, in_folders="settings")


def provider_choices() -> list[tuple[str, str]]:
    return PROVIDERS.choices()
