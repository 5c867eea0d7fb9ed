import type { SectionTable } from "../option.ts";

const pythonLogging = "Python's logging is not used here";
const noContext = "no line belongs to a request or an instance here";
const noTraceback = "a line names its cause instead of a place in the code";
const rotation = "log files are not rotated here; use logrotate, which signals HUP, or watch_log_file";
const rate = "lines are not held back here";

/** oslo.log's options, which live in [DEFAULT] (oslo_log/_options.py, versionutils.py). */
export const osloLogTable = {
  help: "Logging.",
  options: {
    debug: { type: "bool", default: false, help: "Log debug lines too, instead of INFO and above." },
    log_config_append: {
      type: "string",
      deprecated: [{ name: "log-config" }],
      noEffect: pythonLogging,
      loud: true,
      help: "A configuration file of Python's logging module.",
    },
    log_date_format: {
      type: "string",
      default: "%Y-%m-%d %H:%M:%S",
      help: "Format of the time in a line of text, as strftime.",
    },
    log_file: {
      type: "string",
      deprecated: [{ name: "logfile" }],
      help: "File to log to, relative to log_dir. Without it lines go to standard error.",
    },
    log_dir: {
      type: "string",
      deprecated: [{ name: "logdir" }],
      help: "Directory of log_file; without log_file, of PROGRAM.log.",
    },
    watch_log_file: {
      type: "bool",
      default: false,
      help: "Open the log file again when it has been moved or removed.",
    },
    use_syslog: { type: "bool", default: false, help: "Log to syslog." },
    use_journal: { type: "bool", default: false, help: "Log to systemd's journal, with fields." },
    syslog_log_facility: { type: "string", default: "LOG_USER", help: "Syslog facility." },
    use_json: { type: "bool", default: false, help: "Log one JSON object a line." },
    use_stderr: { type: "bool", default: false, help: "Log to standard error too." },
    use_eventlog: {
      type: "bool",
      default: false,
      noEffect: "there is no Windows event log here",
      help: "Log to the Windows event log.",
    },
    log_rotate_interval: {
      type: "int",
      default: 1,
      min: 1,
      noEffect: rotation,
      help: "Units of log_rotate_interval_type between two rotations.",
    },
    log_rotate_interval_type: {
      type: "choice",
      choices: ["Seconds", "Minutes", "Hours", "Days", "Weekday", "Midnight"],
      ignoreCase: true,
      default: "Days",
      noEffect: rotation,
      help: "Unit of log_rotate_interval.",
    },
    max_logfile_count: { type: "int", default: 30, min: 0, noEffect: rotation, help: "Rotated log files to keep." },
    max_logfile_size_mb: {
      type: "int",
      default: 200,
      min: 1,
      noEffect: rotation,
      help: "Size in MB at which a log file is rotated, with log_rotation_type = size.",
    },
    log_rotation_type: {
      type: "choice",
      choices: ["interval", "size", "none"],
      ignoreCase: true,
      default: "none",
      noEffect: rotation,
      loud: true,
      help: "When the log file is rotated.",
    },
    logging_context_format_string: {
      type: "string",
      default:
        "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(global_request_id)s %(request_id)s %(user_identity)s] %(instance)s%(message)s",
      noEffect: noContext,
      help: "Format of a line that belongs to a request.",
    },
    logging_default_format_string: {
      type: "string",
      default: "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [-] %(instance)s%(message)s",
      help: "Format of a line of text, with Python's %(name)s conversions.",
    },
    logging_debug_format_suffix: {
      type: "string",
      default: "%(funcName)s %(pathname)s:%(lineno)d",
      noEffect: noTraceback,
      help: "What is added to a debug line.",
    },
    logging_exception_prefix: {
      type: "string",
      default: "%(asctime)s.%(msecs)03d %(process)d ERROR %(name)s %(instance)s",
      noEffect: noTraceback,
      help: "What each line of a traceback begins with.",
    },
    logging_user_identity_format: {
      type: "string",
      default: "%(user)s %(project)s %(domain)s %(system_scope)s %(user_domain)s %(project_domain)s",
      noEffect: noContext,
      help: "How a request's user is shown.",
    },
    default_log_levels: {
      type: "list",
      default: [
        "amqp=WARN",
        "amqplib=WARN",
        "boto=WARN",
        "qpid=WARN",
        "sqlalchemy=WARN",
        "suds=INFO",
        "oslo.messaging=INFO",
        "oslo_messaging=INFO",
        "iso8601=WARN",
        "requests.packages.urllib3.connectionpool=WARN",
        "urllib3.connectionpool=WARN",
        "websocket=WARN",
        "requests.packages.urllib3.util.retry=WARN",
        "urllib3.util.retry=WARN",
        "keystonemiddleware=WARN",
        "routes.middleware=WARN",
        "stevedore=WARN",
        "taskflow=WARN",
        "keystoneauth=WARN",
        "oslo.cache=INFO",
        "oslo_policy=INFO",
        "dogpile.core.dogpile=INFO",
      ],
      noEffect: "one level, of debug, holds for all lines",
      help: "Levels by logger, as NAME=LEVEL.",
    },
    publish_errors: {
      type: "bool",
      default: false,
      noEffect: "nothing listens on a message bus here",
      help: "Publish errors as events.",
    },
    instance_format: {
      type: "string",
      default: "[instance: %(uuid)s] ",
      noEffect: noContext,
      help: "How an instance is shown in a line.",
    },
    instance_uuid_format: {
      type: "string",
      default: "[instance: %(uuid)s] ",
      noEffect: noContext,
      help: "How the UUID of an instance is shown in a line.",
    },
    rate_limit_interval: {
      type: "int",
      default: 0,
      min: 0,
      noEffect: rate,
      help: "Seconds over which rate_limit_burst counts; 0: no limit.",
    },
    rate_limit_burst: {
      type: "int",
      default: 0,
      min: 0,
      noEffect: rate,
      help: "Lines that may be logged in each rate_limit_interval.",
    },
    rate_limit_except_level: {
      type: "string",
      default: "CRITICAL",
      noEffect: rate,
      help: "Lines of this level and above are never held back; empty: all lines may be.",
    },
    fatal_deprecations: {
      type: "bool",
      default: false,
      noEffect: "a deprecated option is a warning here, never fatal",
      help: "Treat the use of deprecated features as fatal.",
    },
  },
} as const satisfies SectionTable;
