/** Finds every image in a file. The contents determine the format, and the file name if the contents are ambiguous. */
import { isManifestName } from '../walk.ts';
import { parseDocuments } from '../yaml/yaml.ts';
import type { FileImages, FindOptions, OpenDocument } from './format.ts';
import { DOCUMENT_FORMATS, TEXT_FORMATS } from './formats.ts';
import { anyOf } from './titles.ts';

export const NOTHING_FOUND: FileImages = {
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
  misshapen: [],
};

export function findImages(file: string, text: string, options: FindOptions): FileImages {
  const format = TEXT_FORMATS.find((one) => one.matches(file, text));
  if (format !== undefined) return { ...NOTHING_FOUND, format: format.name, ...format.locate(text, file, options) };
  return merged(
    parseDocuments(text).map((document) => {
      if (document.ok) return inDocument(text, { file, document }, options);
      const { line, column, problem: message, isTemplate } = document;
      return { ...NOTHING_FOUND, faults: [{ line, column, message, isTemplate }] };
    }),
  );
}

function inDocument(text: string, opened: OpenDocument, options: FindOptions): FileImages {
  const format = DOCUMENT_FORMATS.find((one) => one.matches(opened, options));
  if (format === undefined) return NOTHING_FOUND;
  const { name } = format;
  return { ...NOTHING_FOUND, format: name, ...format.locate({ ...opened, text, format: name ?? '' }, options) };
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
    misshapen: all.flatMap(({ misshapen }) => misshapen),
  };
}

const FORMATS = [...DOCUMENT_FORMATS, ...TEXT_FORMATS];

/** The files to open when a directory is named. */
export const PIN_NAMES = {
  accepts: (name: string): boolean =>
    isManifestName(name) || FORMATS.some(({ fileNames }) => fileNames?.accepts(name) ?? false),
  described: anyOf(['.yaml', '.yml', '.json', ...FORMATS.flatMap(({ fileNames }) => fileNames?.described ?? [])]),
};
