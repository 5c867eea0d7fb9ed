import { parseXml, XmlElement } from "@rgrove/parse-xml";

/** Output of the cluster that is not what its format promises: nothing may be concluded from it. */
export class NotUnderstoodError extends Error {
  readonly code = "PACEMAKER_NOT_UNDERSTOOD";
}

/** @throws NotUnderstoodError */
export function parseDocument(text: string): XmlElement {
  try {
    const { root } = parseXml(text);
    if (root) return root;
  } catch (cause) {
    throw new NotUnderstoodError(`not XML: ${firstLine((cause as Error).message)}`, { cause });
  }
  throw new NotUnderstoodError("no XML element");
}

/** The child elements of this name, in document order. */
export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child): child is XmlElement => child instanceof XmlElement && child.name === name);
}

/** @throws NotUnderstoodError unless there is exactly one */
export function childOf(element: XmlElement, name: string): XmlElement {
  const [only, second] = childrenOf(element, name);
  if (only === undefined || second !== undefined) {
    throw new NotUnderstoodError(`<${element.name}> has ${only === undefined ? "no" : "several"} <${name}>`);
  }
  return only;
}

/** @throws NotUnderstoodError if it is absent */
export function textOf(element: XmlElement, name: string): string {
  const value = element.attributes[name];
  if (value === undefined) throw new NotUnderstoodError(`<${element.name}> has no attribute ${name}`);
  return value;
}

/** @throws NotUnderstoodError unless it is `true` or `false` */
export function booleanOf(element: XmlElement, name: string): boolean {
  const value = textOf(element, name);
  if (value !== "true" && value !== "false") {
    throw new NotUnderstoodError(
      `<${element.name}> has ${name}=${JSON.stringify(value.slice(0, 40))}, which is not a boolean`,
    );
  }
  return value === "true";
}

/** The element itself and everything below it, in document order. */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) if (child instanceof XmlElement) yield* descendants(child);
}

const firstLine = (text: string): string => (text.split("\n", 1)[0] ?? "").slice(0, 200);
