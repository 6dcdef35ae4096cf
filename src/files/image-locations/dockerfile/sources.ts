/** Images that instructions of a stage read from: `COPY --from=` and `RUN --mount=…,from=`. */
import { slice, type TracedText, TracedTextBuilder } from '../traced-text.ts';
import type { Command } from './instructions.ts';

export function sourcesOf({ name, flags }: Command): readonly TracedText[] {
  if (name === 'COPY') return flags.flatMap((flag) => valueOf(flag, '--from=') ?? []);
  return name === 'RUN' ? flags.flatMap((flag) => mountSource(valueOf(flag, '--mount=')) ?? []) : [];
}

function valueOf(flag: TracedText, prefix: string): TracedText | undefined {
  return flag.text.startsWith(prefix) ? slice(flag, prefix.length) : undefined;
}

/** The last `from` counts. */
function mountSource(mount: TracedText | undefined): TracedText | undefined {
  const fields = mount === undefined ? [] : fieldsOf(mount);
  const from = fields.findLast(({ text }) => /^from=/i.test(text));
  return from && slice(from, 'from='.length);
}

/** CSV (github.com/tonistiigi/go-csvvalue): a field may be quoted as a whole; a quote in it is doubled. */
function fieldsOf(mount: TracedText): readonly TracedText[] {
  const fields: TracedText[] = [];
  for (let at = 0; at <= mount.text.length;) {
    const { field, end } = mount.text.charAt(at) === '"' ? quotedField(mount, at) : plainField(mount, at);
    fields.push(field);
    at = end + 1;
  }
  return fields;
}

interface Field {
  readonly field: TracedText;
  /** The offset of the comma after the field. */
  readonly end: number;
}

function plainField(mount: TracedText, start: number): Field {
  const comma = mount.text.indexOf(',', start);
  const end = comma === -1 ? mount.text.length : comma;
  return { field: slice(mount, start, end), end };
}

function quotedField(mount: TracedText, start: number): Field {
  const field = new TracedTextBuilder();
  let at = start + 1;
  for (; at < mount.text.length; at += 1) {
    if (mount.text.charAt(at) === '"') {
      at += 1;
      if (mount.text.charAt(at) !== '"') break;
    }
    field.add(slice(mount, at, at + 1));
  }
  return { field: field.take(), end: at };
}
