# The whole of Cohort in one container with one volume: docker run -p 8080:8080 -v cohort:/data IMAGE
FROM python:3.12-slim-bookworm AS build

WORKDIR /src
COPY pyproject.toml README.md ./
COPY app app
COPY models models
COPY pages pages
COPY tasks tasks
RUN python -m venv /opt/cohort \
    && /opt/cohort/bin/pip install --no-cache-dir --disable-pip-version-check .


FROM python:3.12-slim-bookworm

# libcurl4 is what the embedded MongoDB links to. Not pinned: Debian removes a version when it fixes a hole in it.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libcurl4 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin cohort \
    && install --directory --owner=cohort --group=cohort --mode=0700 /data

COPY --from=build /opt/cohort /opt/cohort

ENV PATH=/opt/cohort/bin:$PATH \
    HOST=0.0.0.0 \
    PORT=8080 \
    DATA_DIR=/data \
    PYTHONUNBUFFERED=1

USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=4)"]

CMD ["cohort", "run"]
