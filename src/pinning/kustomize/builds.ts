/**
 * Builds kustomizations, and maps the locations of versions to the images that run. The order is that of kustomize
 * (api/internal/target): resources, components, patches, then `images` from top to bottom.
 */
import { type FieldSpec, type FieldUse, isAt, isReached } from './field-specs.ts';
import { changedImage, type ImagesEntry, matcherOf, setsVersion } from './images-entry.ts';
import { type ImageUse, isImage, itemsOf, runsIn, unique } from './image-uses.ts';
import { type ImageLocation, pinnedText } from '../image-location.ts';
import { quoteValue } from '../../image/quote.ts';
import { parseReference } from '../../image/reference.ts';

export interface Kustomization {
  /** The path in messages. */
  readonly file: string;
  /** Whether the kustomization is a component, which others include. */
  readonly isComponent: boolean;
  readonly resources: readonly Inclusion[];
  readonly components: readonly Inclusion[];
  readonly patches: readonly ImageLocation[];
  readonly entries: readonly ImagesEntry[];
  /** Additional fields that `images` changes, here and in kustomizations that include this one. */
  readonly fields: readonly FieldSpec[];
  /** Fields that replacements split and that patches compare. */
  readonly uses: readonly FieldUse[];
  /** Names of images that transformers change. */
  readonly retagged: readonly string[];
  /** Sources of images that are not read, such as charts. */
  readonly unseen: readonly string[];
}

export type Inclusion =
  | { readonly state: 'objects'; readonly locations: readonly ImageLocation[] }
  /** Loads on use, because kustomizations can refer to each other. */
  | { readonly state: 'kustomization'; readonly get: () => Kustomization }
  | { readonly state: 'unread'; readonly why: string };

/** One image that a build runs. */
export interface BuiltImage {
  readonly image: string;
  /** The entries that changed only the name, in order. */
  readonly renames: readonly ImagesEntry[];
  /** The kustomization that is built. */
  readonly file: string;
  /** False for a base: other kustomizations include it. */
  readonly deployed: boolean;
}

/** One image that a build runs, and where its name comes from. */
export interface BuiltName {
  /** The location of the field that runs the image. */
  readonly origin: ImageLocation;
  readonly image: string;
  /** The entries that matched the image, in order. The name comes from the last one that has a `newName`. */
  readonly entries: readonly ImagesEntry[];
  /** The kustomization that is built. */
  readonly file: string;
  /** See BuiltImage. */
  readonly deployed: boolean;
}

export interface EntryEffect {
  /** The images that the entry changes, after the change. */
  readonly images: ReadonlySet<string>;
  /** Reasons why there can be more images: sources that were not read. */
  readonly unread: readonly string[];
  /** Sources that cannot be read, such as charts. */
  readonly unseen: readonly string[];
}

export interface Builds {
  /** The images that run, by the location of their version. An empty list: every build replaces the image. */
  readonly builtImages: ReadonlyMap<ImageLocation, readonly BuiltImage[]>;
  readonly builtNames: readonly BuiltName[];
  /** Effects by the location of the entry. */
  readonly effects: ReadonlyMap<ImageLocation, EntryEffect>;
  /** The locations where a digest would change the result of a build, with the reason. */
  readonly obstacles: ReadonlyMap<ImageLocation, string>;
}

/** Builds all kustomizations. `all` does not need to contain the kustomizations that they include. */
export function buildsOf(all: readonly Kustomization[]): Builds {
  const included = includedIn(all);
  const state: BuildState = { known: new Map(), open: new Set(), effects: new Map(), obstacles: new Map() };
  const builtImages = new Map<ImageLocation, BuiltImage[]>();
  const builtNames: BuiltName[] = [];
  for (const one of all) {
    const deployed = !included.has(one);
    if (one.isComponent && !deployed) continue;
    const start: Resources = {
      ...EMPTY,
      unread: one.isComponent ? ['no kustomization in the input files includes this component'] : [],
    };
    const { items, locations } = accumulate(one, start, state);
    for (const location of locations) if (!builtImages.has(location)) builtImages.set(location, []);
    for (const { location, ...built } of runsIn(items))
      builtImages.get(location)?.push({ ...built, file: one.file, deployed });
    for (const { origin, image, entries } of items)
      builtNames.push({ origin, image, entries, file: one.file, deployed });
  }
  return { builtImages, builtNames, effects: state.effects, obstacles: state.obstacles };
}

/** Returns the included kustomizations, directly or through others. */
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

function kustomizationOf(included: Inclusion): readonly Kustomization[] {
  return included.state === 'kustomization' ? [included.get()] : [];
}

interface Resources {
  readonly items: readonly ImageUse[];
  readonly unread: readonly string[];
  readonly unseen: readonly string[];
  readonly fields: readonly FieldSpec[];
}

const EMPTY: Resources = { items: [], unread: [], unseen: [], fields: [] };

function merged(all: readonly Resources[]): Resources {
  return {
    items: all.flatMap(({ items }) => items),
    unread: all.flatMap(({ unread }) => unread),
    unseen: all.flatMap(({ unseen }) => unseen),
    fields: all.flatMap(({ fields }) => fields),
  };
}

interface BuildResult extends Resources {
  /** All locations, including those of replaced images. */
  readonly locations: readonly ImageLocation[];
}

interface BuildState {
  readonly known: Map<Kustomization, BuildResult>;
  readonly open: Set<Kustomization>;
  readonly effects: Map<ImageLocation, EntryEffect>;
  readonly obstacles: Map<ImageLocation, string>;
}

const NOTHING: BuildResult = { ...EMPTY, locations: [] };

function accumulate(one: Kustomization, start: Resources, state: BuildState): BuildResult {
  // kustomize rejects cycles.
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
    one.entries.reduce<readonly ImageUse[]>(
      (before, entry) => apply(entry, { ...patched, items: before }, state),
      patched.items,
    ),
  );
  addObstacles(one, items, state);
  state.open.delete(one);
  return {
    ...patched,
    items,
    locations: [...locations, ...one.patches.filter(isImage), ...items.map(({ location }) => location)],
  };
}

function resourceOf(included: Inclusion, state: BuildState): BuildResult {
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

/** Adds obstacles for steps after `images`, which are not followed. */
function addObstacles(one: Kustomization, items: readonly ImageUse[], { obstacles }: BuildState): void {
  const matchers = one.retagged.map((name) => matcherOf({ name }));
  for (const { location, origin, image } of items) {
    const use = one.uses.find(({ text = image, ...spec }) => text === image && isAt(origin, [spec]));
    if (use !== undefined) obstacles.set(location, use.text === undefined ? cutIn(one) : comparedIn(one));
    if (matchers.some((matches) => matches(image))) obstacles.set(location, retaggedIn(one));
  }
}

function comparedIn({ file }: Kustomization): string {
  return `a patch in ${file} compares it with a string (operation "test"), which a digest would change; remove the operation`;
}

function retaggedIn({ file }: Kustomization): string {
  return `an ImageTagTransformer that ${file} uses changes it, which is not supported; use an entry in "images" instead`;
}

function cutIn({ file }: Kustomization): string {
  return `a replacement in ${file} splits it at a delimiter, which would also split the digest; write the result of the replacement in the manifests`;
}

function apply(
  entry: ImagesEntry,
  { items, unread, unseen, fields }: Resources,
  { effects, obstacles }: BuildState,
): readonly ImageUse[] {
  const matches = matcherOf(entry);
  const before = effects.get(entry.location);
  const images = new Set(before?.images);
  const after = items.map((item) => {
    if (!isReached(item.origin, fields)) return item;
    const isMatch = matches(item.image);
    if (isMatch !== matches(withDigest(item.image))) obstacles.set(item.location, matchedOtherwise(entry));
    if (!isMatch) return item;
    const made = changed(entry, item);
    images.add(made.image);
    return made;
  });
  effects.set(entry.location, {
    images,
    unread: [...new Set([...(before?.unread ?? []), ...unread])],
    unseen: [...new Set([...(before?.unseen ?? []), ...unseen])],
  });
  return after;
}

function matchedOtherwise({ name }: ImagesEntry): string {
  return `the name ${quoteValue(name)} in "images" matches it only with or only without a digest; remove the tag from the name`;
}

/** Returns the image pinned to an arbitrary digest. */
function withDigest(image: string): string {
  const parsed = parseReference(image);
  return parsed.ok ? pinnedText(parsed.reference, ANY_DIGEST) : image;
}

const ANY_DIGEST = `sha256:${'0'.repeat(64)}`;

function changed(entry: ImagesEntry, { location, origin, image, renames, entries: before }: ImageUse): ImageUse {
  const after = changedImage(image, entry);
  const entries = [...before, entry];
  if (setsVersion(entry)) return { location: entry.location, origin, image: after, renames: [], entries };
  return { location, origin, image: after, renames: after === image ? renames : [...renames, entry], entries };
}
