/** oslo.utils' `is_uuid_like`: any spelling of 32 hex digits, with `urn:uuid:`, braces, dashes and capitals or without. */
export function isUuidLike(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(
    text.replaceAll("urn:", "").replaceAll("uuid:", "").replaceAll(/[{}-]/g, "").toLowerCase(),
  );
}
