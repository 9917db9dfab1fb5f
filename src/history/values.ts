/** How our values become columns and columns become our values. */

/** This driver ends a text at its first NUL when it reads it; no text is stored with one. */
export function text(value: string): string {
  return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}

export function nullableText(value: string | undefined): string | null {
  return value === undefined ? null : text(value);
}

/** The columns take whole numbers only; a number that is none is stored as 0. */
export function integer(value: number): number {
  return Number.isFinite(value) ? Math.round(value) : 0;
}

export function nullableInteger(value: number | undefined): number | null {
  return value === undefined ? null : integer(value);
}

export function optional<T>(value: T | null): T | undefined {
  return value === null ? undefined : value;
}
