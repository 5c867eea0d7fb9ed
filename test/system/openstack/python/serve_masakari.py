"""Debian's masakari-api and, with --engine, Debian's masakari-engine in one process; with --only-engine the engine alone.

  python3 serve_masakari.py [--engine | --only-engine] --config-file masakari.conf

Why one process: oslo.messaging's in-memory transport (fake://) only joins a client and a server of the same process,
and the tests should not need a message broker. Why Python: the services are. Nothing of Masakari is changed but the
one line of `mend_read_deleted`.
"""

import sys


def mend_read_deleted():
    """masakari 14.0.2 with oslo.messaging 14.0.3 (a security update of Debian 12): the newer library rebuilds the
    request's context from a list of keys that lacks read_deleted, so that Masakari's context is handed None, raises
    ValueError, and every POST, PUT and DELETE answers 500. As later masakari does, take None as "no"."""
    from masakari import context

    original = context.RequestContext.__init__

    def init(self, *args, **kwargs):
        if "read_deleted" in kwargs and kwargs["read_deleted"] is None:
            kwargs["read_deleted"] = "no"
        original(self, *args, **kwargs)

    context.RequestContext.__init__ = init


def main():
    arguments = [word for word in sys.argv if word not in ("--engine", "--only-engine")]
    with_engine = len(arguments) != len(sys.argv)
    with_api = "--only-engine" not in sys.argv

    import masakari.cmd  # noqa: F401  (patches the standard library for eventlet: must be first)
    import masakari.conf
    from masakari import config, objects, rpc, service
    from masakari.common import config as defaults
    from oslo_log import log
    from oslo_service import service as oslo_service

    conf = masakari.conf.CONF
    config.parse_args(arguments)
    log.setup(conf, "masakari")
    objects.register_all()
    defaults.set_middleware_defaults()
    mend_read_deleted()
    rpc.init(conf)

    services = oslo_service.ServiceLauncher(conf, restart_method="mutate")
    if with_api:
        services.launch_service(service.WSGIService("masakari_api", use_ssl=False))
    if with_engine:
        services.launch_service(service.Service.create(binary="masakari-engine", topic=conf.masakari_topic))
    services.wait()


main()
