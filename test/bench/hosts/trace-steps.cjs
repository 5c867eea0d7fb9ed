/**
 * Preloaded into a monitor by NODE_OPTIONS: it writes `step TIME begin|end WHAT` to stderr for each program that the monitor runs, and for each
 * request. A program begins when it is started, or when the process that was prepared for it is let go. Time: ms since the epoch.
 */
const childProcess = require("node:child_process");
const { writeSync } = require("node:fs");
const http = require("node:http");

const write = (event, what) => writeSync(2, `step ${Date.now()} ${event} ${what}\n`);
const PREPARED = "/bin/sh";
/** Words before the program of a prepared process: -c, the script, its $0. */
const BEFORE = 3;

const { spawn } = childProcess;
childProcess.spawn = (program, words, options) => {
  const isPrepared = program === PREPARED;
  const what = isPrepared ? words[BEFORE] : program;
  if (!isPrepared) write("begin", what);
  const child = spawn(program, words, options);
  if (isPrepared) {
    const { end } = child.stdin;
    child.stdin.end = (...rest) => {
      write("begin", what);
      return end.apply(child.stdin, rest);
    };
  }
  child.once("exit", () => write("end", what));
  return child;
};

const { request } = http;
http.request = (...parameters) => {
  const sent = request(...parameters);
  write("begin", sent.method);
  sent.once("response", () => write("end", sent.method));
  return sent;
};
