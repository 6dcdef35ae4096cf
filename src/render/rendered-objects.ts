/** What a program printed, as objects with the places that wrote them. */
import { addObjects, type Manifest, type ObjectOptions, type ObjectsAndErrors } from '../files/manifest-objects.ts';
import type { Place, Rendered } from '../files/place.ts';
import { parseDocuments } from '../files/yaml/yaml.ts';

/** Where a document of the output comes from. */
export interface Origin {
  readonly rendered: Rendered;
  /** The file that findings of the document name. */
  readonly file: string;
  /** The place that wrote the value at a pointer, if exactly one is known. */
  readonly placeOf: (manifest: Manifest, pointer: string) => Place | undefined;
}

export interface RenderedOutput extends ObjectsAndErrors {
  documents: number;
}

/** `originOf`: the origin of the document that starts at an offset of the output. */
export function objectsInOutput(
  output: string,
  options: ObjectOptions,
  originOf: (offset: number) => Origin,
): RenderedOutput {
  const all: RenderedOutput = { documents: 0, manifests: [], errors: [], nonObjects: new Map() };
  const startOf = lineStarts(output);
  for (const document of parseDocuments(output)) {
    all.documents += 1;
    const origin = originOf(startOf(document.line));
    const { file } = origin;
    const found: ObjectsAndErrors = { manifests: [], errors: [], nonObjects: new Map() };
    if (document.ok) addObjects(document, file, found, options);
    else found.errors.push({ file, ...NO_LINE, document: document.index + 1, message: document.problem });
    for (const manifest of found.manifests) all.manifests.push(placed(manifest, origin));
    for (const error of found.errors)
      all.errors.push({ ...error, ...NO_LINE, message: `rendered document ${document.index + 1}: ${error.message}` });
  }
  return all;
}

const NO_LINE = { line: null, column: null };

function lineStarts(text: string): (line: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (line) => starts[line - 1] ?? 0;
}

function placed(manifest: Manifest, { file, rendered, placeOf }: Origin): Manifest {
  return { ...manifest, rendered, placeOf: (pointer) => placeOf(manifest, pointer) ?? { file, ...NO_LINE } };
}
