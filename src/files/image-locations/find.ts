/** Finds every image in a file. The contents determine the format, and the file name if the contents are ambiguous. */
import { isManifestName } from '../walk.ts';
import { parseDocuments } from '../yaml/yaml.ts';
import type { FileImages, FindOptions, OpenDocument } from './format.ts';
import { DOCUMENT_FORMATS, TEXT_FORMATS } from './formats.ts';
import { anyOf } from './titles.ts';

const NOTHING: FileImages = {
  format: undefined,
  locations: [],
  hidden: [],
  kustomization: undefined,
  fields: [],
  builds: [],
  retagged: [],
  uses: [],
  pointers: [],
  faults: [],
  notices: [],
  unchecked: [],
};

export function findImages(file: string, text: string, options: FindOptions): FileImages {
  const format = TEXT_FORMATS.find((one) => one.matches(file, text));
  if (format !== undefined) return { ...NOTHING, format: format.name, ...format.locate(text, file, options) };
  return merged(
    parseDocuments(text).map((document) => {
      if (document.ok) return inDocument(text, { file, document }, options);
      const { line, column, problem: message } = document;
      return { ...NOTHING, faults: [{ line, column, message }] };
    }),
  );
}

function inDocument(text: string, opened: OpenDocument, options: FindOptions): FileImages {
  const format = DOCUMENT_FORMATS.find((one) => one.matches(opened, options));
  if (format === undefined) return NOTHING;
  const { name } = format;
  return { ...NOTHING, format: name, ...format.locate({ ...opened, text, format: name ?? '' }, options) };
}

function merged(all: readonly FileImages[]): FileImages {
  return {
    format: all.find(({ format }) => format !== undefined)?.format,
    kustomization: all.find(({ kustomization }) => kustomization !== undefined)?.kustomization,
    locations: all.flatMap(({ locations }) => locations),
    hidden: all.flatMap(({ hidden }) => hidden),
    fields: all.flatMap(({ fields }) => fields),
    builds: all.flatMap(({ builds }) => builds),
    retagged: all.flatMap(({ retagged }) => retagged),
    uses: all.flatMap(({ uses }) => uses),
    pointers: all.flatMap(({ pointers }) => pointers),
    faults: all.flatMap(({ faults }) => faults),
    notices: all.flatMap(({ notices }) => notices),
    unchecked: all.flatMap(({ unchecked }) => unchecked),
  };
}

const FORMATS = [...DOCUMENT_FORMATS, ...TEXT_FORMATS];

/** The files to open when a directory is named. */
export const PIN_NAMES = {
  accepts: (name: string): boolean =>
    isManifestName(name) || FORMATS.some(({ fileNames }) => fileNames?.accepts(name) ?? false),
  described: anyOf(['.yaml', '.yml', '.json', ...FORMATS.flatMap(({ fileNames }) => fileNames?.described ?? [])]),
};
