"""`python -m app.cli`, which is how the supervisor starts its children."""

from app.cli import app

if __name__ == "__main__":
    app()
