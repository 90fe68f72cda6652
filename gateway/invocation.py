"""What was said on the command line before the command."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """The options of ``narthex`` itself; commands get it with ``@click.pass_obj``.

    Attributes
    ----------
    state : Path or None
    config : Path or None
    """

    state: Path | None
    config: Path | None

    def settings(self) -> "Settings":
        """Return the settings.

        Raises
        ------
        gateway.errors.SettingsError
        """
        from gateway.settings import load  # noqa: PLC0415  (0.3 s that --help need not wait)

        return load(config=self.config, state=self.state)

    def arguments(self) -> list[str]:
        """Return the options again, for a child process."""
        words: list[str] = []
        if self.state is not None:
            words += ["--state", str(self.state)]
        if self.config is not None:
            words += ["--config", str(self.config)]
        return words
