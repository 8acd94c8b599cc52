"""cohort rotate-key."""

from __future__ import annotations

from app.cli.frame import connected, run_async


def rotate_key() -> None:
    """Put a new key in the place of the generated one; what the old one signed stays good. Nobody is signed out."""

    async def work() -> None:
        from app.audit.key_change import note_key_change
        from app.auth.members import system_member
        from app.auth.resealing import reseal_all
        from app.errors import SettingsError
        from app.keyring import present_key
        from app.secret_key import FORMER_FILE_NAME, rotate_key

        async with connected("rotate-key") as settings:
            if settings.secret_key.get_secret_value():
                raise SettingsError(
                    "SECRET_KEY: is set, so it is changed there: put its value into SECRET_KEYS_FORMER and choose a "
                    "new one."
                )
            former = present_key().id
            rotate_key(settings.data_dir)
            await note_key_change(system_member())
            await reseal_all()
            print(f"Key {present_key().id} signs from now on. Key {former} still verifies: it is kept in")
            print(f"{settings.data_dir / FORMER_FILE_NAME}; take its line out when nothing it signed should count.")

    run_async(work())
