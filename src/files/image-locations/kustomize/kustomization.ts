/** Finds images in a kustomization: in `images`, inline patches, transformers, and targets of replacements. */
import type { JsonObject } from '../../../pod/pointer.ts';
import { isKustomization, KUSTOMIZATION_NAMES, referencesOf } from '../../kustomization.ts';
import type { DocumentContext } from '../document-context.ts';
import type { DocumentFormat, FileImages, FindOptions } from '../format.ts';
import { inlineTransformers } from './image-transformers.ts';
import { imagesEntries } from './images-entries.ts';
import { inlineComparedFields, inlinePatchImages } from './inline-patches.ts';
import { cutFields, replacedImages } from './replacements.ts';
import { unreadSourceNotices, unreadSources } from './unread-sources.ts';

const [, , WITHOUT_EXTENSION = ''] = KUSTOMIZATION_NAMES;

export const kustomizationFormat: DocumentFormat = {
  name: 'kustomization',
  fileNames: { accepts: (name) => name === WITHOUT_EXTENSION, described: WITHOUT_EXTENSION },
  matches: ({ file, document }) => isKustomization(file, document.value),
  locate(context, options) {
    const { file, document } = context;
    return isKustomization(file, document.value) ? imagesIn(context, document.value, options) : {};
  },
};

function imagesIn(context: DocumentContext, value: JsonObject, { kinds }: FindOptions): Partial<FileImages> {
  const transformers = inlineTransformers(context, value);
  const entries = imagesEntries(context, value);
  const patches = inlinePatchImages(context, value, kinds);
  const replaced = replacedImages(context, { pointer: '/replacements', value: value['replacements'], kinds });
  return {
    locations: [...entries.map(({ location }) => location), ...patches, ...replaced, ...transformers.locations],
    retagged: transformers.names,
    uses: [...cutFields(value['replacements'], kinds), ...inlineComparedFields(value, kinds)],
    kustomization: {
      ...referencesOf(value),
      isComponent: value['kind'] === 'Component',
      entries,
      patches,
      unseen: unreadSources(value),
    },
    notices: unreadSourceNotices(context, value),
  };
}
