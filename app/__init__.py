"""The services of Cohort: everything that changes the world goes through here, for page, API, CLI and worker alike."""
