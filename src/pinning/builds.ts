/**
 * What kustomizations make of images: from the place where a version is written to the images that run. The order is that of
 * kustomize (api/internal/target): resources, components, patches, then `images` from top to bottom.
 */
import { type FieldSpec, type FieldUse, isAt, isReached } from './field-specs.ts';
import { changedImage, type ImagesEntry, matcherOf, setsVersion } from './kustomization.ts';
import { type ImageLocation, pinnedText } from './image-location.ts';
import { quoteValue } from '../image/quote.ts';
import { parseReference } from '../image/reference.ts';

export interface Kustomization {
  /** As messages name it. */
  readonly file: string;
  /** Whether others only include it. */
  readonly isComponent: boolean;
  readonly resources: readonly Included[];
  readonly components: readonly Included[];
  readonly patches: readonly ImageLocation[];
  readonly entries: readonly ImagesEntry[];
  /** Fields that `images` changes as well, here and in what includes it. */
  readonly fields: readonly FieldSpec[];
  /** Fields that its replacements take apart, and that its patches compare. */
  readonly uses: readonly FieldUse[];
  /** Names of images that its transformers change. */
  readonly retagged: readonly string[];
  /** What brings in images that are not read, such as charts. */
  readonly unseen: readonly string[];
}

export type Included =
  | { readonly state: 'objects'; readonly locations: readonly ImageLocation[] }
  /** Asked for when it is needed: kustomizations can refer to each other. */
  | { readonly state: 'kustomization'; readonly get: () => Kustomization }
  | { readonly state: 'unread'; readonly why: string };

/** One image that a build runs. */
export interface Run {
  readonly image: string;
  /** The entries that changed nothing but its name, in order. */
  readonly renames: readonly ImagesEntry[];
  /** The kustomization that is built. */
  readonly file: string;
  /** False for a base: other kustomizations include it. */
  readonly deployed: boolean;
}

export interface Passed {
  /** The images that it changes, as they are after it. */
  readonly images: ReadonlySet<string>;
  /** Why there could be more images: what was not read. */
  readonly unread: readonly string[];
  /** The same, of what cannot be read, such as charts. */
  readonly unseen: readonly string[];
}

export interface Builds {
  /** By the place where the version is written. An empty list: every build replaces it. */
  readonly runs: ReadonlyMap<ImageLocation, readonly Run[]>;
  /** By the place of the entry. */
  readonly passed: ReadonlyMap<ImageLocation, Passed>;
  /** Where a digest would change what a build makes of an image, and why. */
  readonly barred: ReadonlyMap<ImageLocation, string>;
}

/** `all` are those that are built; what they include need not be among them. */
export function buildsOf(all: readonly Kustomization[]): Builds {
  const included = includedIn(all);
  const state: State = { known: new Map(), open: new Set(), passed: new Map(), barred: new Map() };
  const runs = new Map<ImageLocation, Run[]>();
  for (const one of all) {
    const deployed = !included.has(one);
    if (one.isComponent && !deployed) continue;
    const start: Stock = {
      ...EMPTY,
      unread: one.isComponent ? ['no kustomization among these files includes this component'] : [],
    };
    const { items, locations } = accumulate(one, start, state);
    for (const location of locations) if (!runs.has(location)) runs.set(location, []);
    for (const { location, ...run } of runsIn(items)) runs.get(location)?.push({ ...run, file: one.file, deployed });
  }
  return { runs, passed: state.passed, barred: state.barred };
}

/** Also through others that are not built themselves. */
function includedIn(all: readonly Kustomization[]): ReadonlySet<Kustomization> {
  const included = new Set<Kustomization>();
  const waiting = [...all];
  for (const one of waiting) {
    for (const other of [...one.resources, ...one.components].flatMap(kustomizationOf)) {
      if (included.has(other)) continue;
      included.add(other);
      waiting.push(other);
    }
  }
  return included;
}

function kustomizationOf(included: Included): readonly Kustomization[] {
  return included.state === 'kustomization' ? [included.get()] : [];
}

interface Item {
  /** Where its version is written. */
  readonly location: ImageLocation;
  /** Where the field is that runs it. */
  readonly origin: ImageLocation;
  readonly image: string;
  readonly renames: readonly ImagesEntry[];
}

interface Stock {
  readonly items: readonly Item[];
  readonly unread: readonly string[];
  readonly unseen: readonly string[];
  readonly fields: readonly FieldSpec[];
}

const EMPTY: Stock = { items: [], unread: [], unseen: [], fields: [] };

function merged(all: readonly Stock[]): Stock {
  return {
    items: all.flatMap(({ items }) => items),
    unread: all.flatMap(({ unread }) => unread),
    unseen: all.flatMap(({ unseen }) => unseen),
    fields: all.flatMap(({ fields }) => fields),
  };
}

interface Accumulated extends Stock {
  /** All that came by, also what was replaced. */
  readonly locations: readonly ImageLocation[];
}

interface State {
  readonly known: Map<Kustomization, Accumulated>;
  readonly open: Set<Kustomization>;
  readonly passed: Map<ImageLocation, Passed>;
  readonly barred: Map<ImageLocation, string>;
}

const NOTHING: Accumulated = { ...EMPTY, locations: [] };

function accumulate(one: Kustomization, start: Stock, state: State): Accumulated {
  // kustomize refuses a circle.
  if (state.open.has(one)) return { ...start, locations: [] };
  state.open.add(one);
  const resources = one.resources.map((included) => resourceOf(included, state));
  const locations = resources.flatMap((each) => each.locations);
  let stock = merged([start, ...resources, { ...EMPTY, unseen: one.unseen, fields: one.fields }]);
  for (const component of one.components) {
    if (component.state !== 'kustomization') continue;
    const more = accumulate(component.get(), stock, state);
    locations.push(...more.locations);
    stock = more;
  }
  const missing = one.components.flatMap((component) => (component.state === 'unread' ? [component.why] : []));
  const patched = merged([stock, { ...EMPTY, items: itemsOf(one.patches), unread: missing }]);
  const items = unique(
    one.entries.reduce<readonly Item[]>(
      (before, entry) => apply(entry, { ...patched, items: before }, state),
      patched.items,
    ),
  );
  bar(one, items, state);
  state.open.delete(one);
  return {
    ...patched,
    items,
    locations: [...locations, ...one.patches.filter(isImage), ...items.map(({ location }) => location)],
  };
}

function resourceOf(included: Included, state: State): Accumulated {
  if (included.state === 'objects')
    return { ...EMPTY, items: itemsOf(included.locations), locations: included.locations.filter(isImage) };
  if (included.state === 'unread') return { ...NOTHING, unread: [included.why] };
  const one = included.get();
  const before = state.known.get(one);
  if (before !== undefined) return before;
  const accumulated = accumulate(one, NOTHING, state);
  state.known.set(one, accumulated);
  return accumulated;
}

function itemsOf(locations: readonly ImageLocation[]): readonly Item[] {
  return locations
    .filter(isImage)
    .map((location) => ({ location, origin: location, image: imageAt(location), renames: [] }));
}

/** Also a text that is not a valid image yet, where an entry can replace it. */
function isImage(location: ImageLocation): boolean {
  const { state } = location.content;
  return state === 'image' || (state === 'problem' && isReached(location, []));
}

function imageAt({ content, image }: ImageLocation): string {
  return content.state === 'image' ? content.reference.text : image;
}

/** What comes after `images` and is not followed. */
function bar(one: Kustomization, items: readonly Item[], { barred }: State): void {
  const matchers = one.retagged.map((name) => matcherOf({ name }));
  for (const { location, origin, image } of items) {
    const use = one.uses.find(({ text = image, ...spec }) => text === image && isAt(origin, [spec]));
    if (use !== undefined) barred.set(location, use.text === undefined ? cutIn(one) : comparedIn(one));
    if (matchers.some((matches) => matches(image))) barred.set(location, retaggedIn(one));
  }
}

function comparedIn({ file }: Kustomization): string {
  return `a patch of ${file} compares it with a text (operation "test"), which a digest would change: remove the operation`;
}

function retaggedIn({ file }: Kustomization): string {
  return `an ImageTagTransformer that ${file} names changes it, which is not followed: write an entry of "images"`;
}

function cutIn({ file }: Kustomization): string {
  return `a replacement in ${file} splits it at a delimiter, which would split the digest as well: write what the replacement makes into the manifests`;
}

function apply(
  entry: ImagesEntry,
  { items, unread, unseen, fields }: Stock,
  { passed, barred }: State,
): readonly Item[] {
  const matches = matcherOf(entry);
  const before = passed.get(entry.location);
  const images = new Set(before?.images);
  const after = items.map((item) => {
    if (!isReached(item.origin, fields)) return item;
    const isMatch = matches(item.image);
    if (isMatch !== matches(withDigest(item.image))) barred.set(item.location, matchedOtherwise(entry));
    if (!isMatch) return item;
    const made = changed(entry, item);
    images.add(made.image);
    return made;
  });
  passed.set(entry.location, {
    images,
    unread: [...new Set([...(before?.unread ?? []), ...unread])],
    unseen: [...new Set([...(before?.unseen ?? []), ...unseen])],
  });
  return after;
}

function matchedOtherwise({ name }: ImagesEntry): string {
  return `the name ${quoteValue(name)} in "images" matches it without a digest, or only with one: leave the tag out of the name`;
}

/** As pinned, with any digest. */
function withDigest(image: string): string {
  const parsed = parseReference(image);
  return parsed.ok ? pinnedText(parsed.reference, ANY_DIGEST) : image;
}

const ANY_DIGEST = `sha256:${'0'.repeat(64)}`;

function changed(entry: ImagesEntry, { location, origin, image, renames }: Item): Item {
  const after = changedImage(image, entry);
  if (setsVersion(entry)) return { location: entry.location, origin, image: after, renames: [] };
  return { location, origin, image: after, renames: after === image ? renames : [...renames, entry] };
}

/** One for each image, whatever fields it runs in. */
function runsIn(items: readonly Item[]): readonly Omit<Item, 'origin'>[] {
  return unique(items.map(({ location, image, renames }) => ({ location, origin: location, image, renames })));
}

function unique(items: readonly Item[]): readonly Item[] {
  const kept: Item[] = [];
  const seen = new Map<ImageLocation, Set<string>>();
  for (const item of items) {
    const known = seen.get(item.location) ?? new Set();
    seen.set(item.location, known);
    const { field, object } = item.origin;
    const renames = item.renames.map(({ name, location: { offset } }) => [name, offset]);
    const key = JSON.stringify([item.image, renames, field, object]);
    if (known.has(key)) continue;
    known.add(key);
    kept.push(item);
  }
  return kept;
}
