import type { FastifyReply } from "fastify";
import { type Json, toPythonJson } from "../formats/python-json.ts";

/** Keystone's own documents have no final newline; what its web framework makes has one. */
export function json(reply: FastifyReply, code: number, body: Json, end: "" | "\n" = ""): FastifyReply {
  return reply
    .code(code)
    .header("content-type", "application/json")
    .send(Buffer.from(toPythonJson(body) + end));
}

export function html(reply: FastifyReply, code: number, title: string, heading: string, text: string): FastifyReply {
  const page = `<!doctype html>\n<html lang=en>\n<title>${title}</title>\n<h1>${heading}</h1>\n<p>${text}</p>\n`;
  return reply.code(code).header("content-type", "text/html; charset=utf-8").send(Buffer.from(page));
}
