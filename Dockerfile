# Persenaut: API, scheduler and every management command, by the command that it is started with.
# deploy/try-dockerfile runs these steps without a container engine.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS build
# What is compiled here says nothing of the time at which it was: the same sources make the same files.
ENV SOURCE_DATE_EPOCH=1704067200 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# A stable Debian has one version of each, with its security updates.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev pkg-config libmariadb-dev mariadb-client \
    && rm -rf /var/lib/apt/lists/*
COPY requirements.lock /
RUN python -m venv --without-pip /venv \
    && pip --python /venv/bin/python install --no-compile --no-deps --require-hashes -r /requirements.lock \
    && python -m compileall -q --invalidation-mode unchecked-hash /venv
WORKDIR /app
COPY . .
RUN python -m compileall -q --invalidation-mode unchecked-hash . && mkdir -p /empty /volume/static

FROM python:${PYTHON}-slim-bookworm
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libmariadb3 libedit2 libncurses6 \
    && rm -rf /var/lib/apt/lists/*
# For backup and restore: the two programs of a package that is sixty megabytes large.
COPY --from=build /usr/bin/mariadb /usr/bin/mariadb-dump /usr/bin/
COPY --from=build /venv /venv
COPY --from=build /app /app
# Where volumes go. A new volume takes over the owner of what it covers.
COPY --from=build --chown=10001:10001 /volume /data
COPY --from=build --chown=10001:10001 /empty /backups
COPY --from=build --chown=10001:10001 /empty /secrets/app
COPY --from=build --chown=10001:10001 /empty /secrets/database
COPY --from=build --chown=10001:10001 /empty /secrets/redis
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp \
    HOST=0.0.0.0 PORT=8000 DATA_DIR=/data LOG_TO=stdout
WORKDIR /app
USER 10001:10001
EXPOSE 8000
# Only for what serves: the other services of compose.yaml turn it off.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-m", "ops.probe"]
CMD ["gunicorn", "-c", "gunicorn.conf.py", "persenaut.wsgi"]
