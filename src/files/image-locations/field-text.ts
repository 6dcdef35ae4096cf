/** Finds the place for the value of a field in a YAML or JSON map: the present value, or the end of another field. */
import { escapeSegment } from '../../pod/pointer.ts';
import type { EditTarget } from '../../pinning/image-location.ts';
import { type DocumentContext, valueAt } from './document-context.ts';
import { spanOf } from './edit-target.ts';

export interface Field {
  /** JSON pointer to the map. */
  readonly holder: string;
  readonly key: string;
}

function notEditable(reason: string): EditTarget {
  return { ok: false, reason };
}

function pointerOf({ holder, key }: Field): string {
  return `${holder}/${escapeSegment(key)}`;
}

/** Creates the target for a present field, whose value is a string, empty, or null. */
export function replaceField({ text, document }: DocumentContext, field: Field): EditTarget {
  const pointer = pointerOf(field);
  const value = valueAt(document.value, pointer);
  if (value === null) return fillNull(text, document.keyPositionOf(pointer).offset, field.key);
  const span = typeof value === 'string' ? spanOf(text, document.positionOf(pointer).offset, value) : undefined;
  if (span === undefined || (value === '' && span.from === document.positionOf(pointer).offset))
    return notEditable(`its "${field.key}" is not a string on one line; write it on one line`);
  return { ok: true, from: span.from, to: span.to, before: '', after: '' };
}

const NULL = /[ \t]*(?:~|null|Null|NULL)?(?=[ \t]*(?:[\r\n,}]|$)|[ \t]+#)/y;

function fillNull(text: string, keyOffset: number, key: string): EditTarget {
  const colon = colonAfter(text, keyOffset);
  if (colon === undefined) return notEditable(`its "${key}" has no value; set one, such as ""`);
  NULL.lastIndex = colon + 1;
  const found = NULL.exec(text);
  if (found === null) return notEditable(`its "${key}" has no value; set one, such as ""`);
  const quote = text.charAt(keyOffset) === '"' ? '"' : '';
  const to = found[0].trim() === '' ? colon + 1 : colon + 1 + found[0].length;
  return { ok: true, from: colon + 1, to, before: ` ${quote}`, after: quote };
}

/** Returns the offset of the colon after a key on one line. */
function colonAfter(text: string, keyOffset: number): number | undefined {
  const pattern = /(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[^\s:"'&*!?,{}[\]]+)[ \t]*:/y;
  pattern.lastIndex = keyOffset;
  return pattern.test(text) ? pattern.lastIndex - 1 : undefined;
}

/** Creates the target for a missing field: after the field `after`, with the same layout. */
export function insertField(context: DocumentContext, field: Field, after: string): EditTarget {
  const { text, document } = context;
  const before = pointerOf({ holder: field.holder, key: after });
  const value = valueAt(document.value, before);
  const key = document.keyPositionOf(before);
  const { offset } = document.positionOf(before);
  const colon = colonAfter(text, key.offset);
  const span = typeof value === 'string' ? spanOf(text, offset, value) : undefined;
  const direct =
    colon !== undefined && offset > colon && /^[ \t]*(?:[&!]\S*[ \t]+)*$/.test(text.slice(colon + 1, offset));
  if (!direct || span === undefined)
    return notEditable(
      `"${field.key}" cannot be inserted: "${after}" is not on a simple line; write it on a line of its own`,
    );
  const neighbor: NeighborField = {
    text,
    key: key.offset,
    end: span.from > offset ? span.to + 1 : span.to,
    indent: key.column - 1,
    name: field.key,
  };
  return text.charAt(document.positionOf(field.holder).offset) === '{' ? insertInFlow(neighbor) : insertLine(neighbor);
}

/** The field in front. */
interface NeighborField {
  readonly text: string;
  readonly key: number;
  /** After its value. */
  readonly end: number;
  readonly indent: number;
  /** The name of the field to insert. */
  readonly name: string;
}

function insertLine({ text, end, indent, name }: NeighborField): EditTarget {
  const newline = text.indexOf('\n', end);
  const rest = text.slice(end, newline === -1 ? text.length : newline);
  if (!/^[ \t]*(?:[ \t]#.*)?\r?$/.test(rest))
    return notEditable(`"${name}" cannot be inserted: the line before it is not simple; write one key on each line`);
  const at = end + rest.replace(/\r$/, '').length;
  return {
    ok: true,
    from: at,
    to: at,
    before: `${lineBreakOf(text, newline)}${' '.repeat(indent)}${name}: `,
    after: '',
  };
}

/** Inserts into `{a: 1}` or JSON, on a new line if the neighbor is on a line of its own. */
function insertInFlow({ text, key, end, indent, name }: NeighborField): EditTarget {
  const quote = text.charAt(key) === '"' ? '"' : '';
  const lineStart = text.lastIndexOf('\n', key) + 1;
  const lead = text.slice(lineStart, key);
  const own = lineStart > 0 && lead.trim() === '' && indent > 0;
  const space = own ? `${lineBreakOf(text, lineStart - 1)}${lead}` : ' ';
  return { ok: true, from: end, to: end, before: `,${space}${quote}${name}${quote}: ${quote}`, after: quote };
}

/** Returns the line break at `newline`, or at the end of the file, the first one of the file. */
function lineBreakOf(text: string, newline: number): string {
  const at = newline === -1 ? text.indexOf('\n') : newline;
  return at > 0 && text.charAt(at - 1) === '\r' ? '\r\n' : '\n';
}
