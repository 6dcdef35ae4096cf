/** Follows the maps and lists of a document through its tokens. */
import { TOKEN, type Token } from '../../files/yaml/cursor.ts';
import { isPrivateKey, isPrivateMap } from './shown-values.ts';

/** A map or a list, with the key whose value comes next. */
export interface Frame {
  key: string;
  readonly parent: string;
  readonly isList: boolean;
  readonly isItem: boolean;
  readonly isPrivate: boolean;
  /** The list of the key has the indentation of the key. */
  isInEntry: boolean;
}

/** The document itself. */
export function rootFrame(isPrivate: boolean): Frame {
  return { key: '', parent: '', isList: false, isItem: false, isPrivate, isInEntry: false };
}

/** Whether what a token begins is a list. */
const BEGINS: { readonly [kind in Token['kind']]?: boolean } = {
  [TOKEN.blockMapStart]: false,
  [TOKEN.flowMapStart]: false,
  [TOKEN.blockListStart]: true,
  [TOKEN.flowListStart]: true,
};
const ENDS: readonly Token['kind'][] = [TOKEN.blockEnd, TOKEN.flowMapEnd, TOKEN.flowListEnd];
/** The next scalar is still the key. */
const PROPERTIES: readonly Token['kind'][] = [TOKEN.anchor, TOKEN.tag];

/** Follows the maps and lists. Returns whether the next scalar is a key. */
export function follow({ kind }: Token, frames: Frame[], frame: Frame, isKey: boolean): boolean {
  const isList = BEGINS[kind];
  if (isList !== undefined) frames.push(within(frame, isList));
  else if (ENDS.includes(kind) && frames.length > 1) frames.pop();
  else if (kind === TOKEN.blockEntry) frame.isInEntry = true;
  else if (kind === TOKEN.key) {
    frame.isInEntry = false;
    frame.key = '';
  }
  return kind === TOKEN.key || (isKey && PROPERTIES.includes(kind));
}

/** A list has the key of its map. */
function within(frame: Frame, isList: boolean): Frame {
  return {
    key: isList ? frame.key : '',
    parent: isList ? frame.parent : frame.key,
    isList,
    isItem: frame.isList || frame.isInEntry,
    isPrivate: isPrivateIn(frame),
    isInEntry: false,
  };
}

export function isPrivateIn({ key, parent, isItem, isList, isPrivate }: Frame): boolean {
  return isPrivate || isPrivateKey(key, isItem) || (isPrivateMap(parent) && !isItem && !isList);
}
