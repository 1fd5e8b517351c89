# The admin and the example services, for docker-compose.yml.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1

WORKDIR /app
COPY requirements/run.txt requirements/
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements/run.txt \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin eventbus

COPY manage.py ./
COPY bus_core bus_core
COPY eventbus_admin eventbus_admin
COPY templates templates
COPY examples examples
RUN python -m compileall -q bus_core eventbus_admin examples

USER 10001:10001
EXPOSE 8000
CMD ["python", "manage.py", "web"]
