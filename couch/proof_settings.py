"""Where the proof of an erasure searches, and how it is signed: the table `[proof]` of `centre.toml`."""

from pathlib import Path

import msgspec


class ProofSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`survey anonymizer prove`. Relative paths start at the settings' folder."""

    data: tuple[Path, ...] = ()  # the database engine's data folders (and its folder of views, where apart)
    also: tuple[Path, ...] = ()  # accounts, exports, logs, backups: folders or files
    hold: bool = False  # nothing is destroyed before `prove` has searched
    key: Path = Path("receipt.key.pem")  # signs receipts, mode 600; made at the first use
    receipts: Path = Path("receipts")  # one file a household, written anew when a device confirms

    def below(self, folder: Path) -> "ProofSettings":
        """With relative paths beginning at `folder`."""
        return ProofSettings(
            data=tuple(folder / place for place in self.data),
            also=tuple(folder / place for place in self.also),
            hold=self.hold,
            key=folder / self.key,
            receipts=folder / self.receipts,
        )
