/** Four custom rules. To try them, run: tidewaiter check --plugin rules.ts --policy policy.yaml FILE|DIR */
import {
  checkImages,
  checkRegistryFacts,
  defineRule,
  originalOf,
  type Problem,
  quoteValue,
  readBoolean,
  readObject,
  unknownProblem,
} from 'tidewaiter';

const notPrivileged = defineRule({
  name: 'not-privileged',
  description: 'No container is privileged',
  parameters: { type: 'object', additionalProperties: false, properties: {} },
  needs: [],
  check: (subject) =>
    subject.containers.flatMap((container): readonly Problem[] => {
      const at = `${container.pointer}/securityContext`;
      const context = readObject(container.fields, 'securityContext', container.pointer);
      if (context === undefined || !readBoolean(context, 'privileged', at)) return [];
      return [
        {
          state: 'violation',
          container,
          pointer: `${at}/privileged`,
          message: 'the container is privileged and has full access to the node',
          remedy: 'remove securityContext.privileged, and add the required capabilities',
        },
      ];
    }),
});

const teamImages = defineRule({
  name: 'team-images',
  description: 'Images come from the registry path of the team that owns the namespace',
  parameters: {
    type: 'object',
    additionalProperties: false,
    required: ['registry'],
    properties: {
      registry: { type: 'string', minLength: 1, description: 'Registry with a path for each team, for example registry.example.com' },
      label: { type: 'string', minLength: 1, default: 'team', description: 'Namespace label that contains the team' },
    },
  },
  needs: ['namespaceLabels'],
  check(subject, { registry, label }) {
    const labels = subject.facts.namespaceLabels;
    const about = { container: undefined, pointer: '/metadata/namespace' };
    if (labels.state === 'unknown') {
      return [{ ...about, state: 'unknown', message: `cannot determine the team of the namespace: ${labels.reason}` }];
    }
    const team = labels.state === 'yes' ? labels.value[label] : undefined;
    if (team === undefined) {
      return [{ ...about, state: 'violation', message: `the namespace has no label ${quoteValue(label)}` }];
    }
    return checkImages(subject, ({ text, domain, path }, container) => {
      if (domain === registry && path.split('/')[0] === team) return undefined;
      return {
        pointer: container.imagePointer,
        message: `image ${quoteValue(text)} is not in the registry path of team ${quoteValue(team)}`,
        remedy: `push the image to ${registry}/${team}/`,
      };
    });
  },
});

const imageSize = defineRule({
  name: 'image-size',
  description: 'Images do not exceed a maximum size',
  parameters: {
    type: 'object',
    additionalProperties: false,
    properties: {
      maxMegabytes: { type: 'integer', minimum: 1, default: 500, description: 'Compressed size' },
    },
  },
  needs: ['registryDetails'],
  check: (subject, { maxMegabytes }) =>
    checkRegistryFacts({ subject, facts: subject.facts.registryDetails }, (fact, { text }) => {
      const image = `image ${quoteValue(text)}`;
      if (fact.state !== 'yes') return unknownProblem(`the size of ${image}`, fact);
      const megabytes = Math.ceil(fact.value.sizeBytes / 1e6);
      if (megabytes <= maxMegabytes) return undefined;
      return {
        state: 'violation',
        message: `${image} has ${megabytes} MB, more than ${maxMegabytes} MB`,
        remedy: `reduce the image to at most ${maxMegabytes} MB`,
      };
    }),
});

const originalRegistry = defineRule({
  name: 'original-registry',
  description: 'Images, before the rewrites of the policies, come from the given registries',
  parameters: {
    type: 'object',
    additionalProperties: false,
    required: ['registries'],
    properties: {
      registries: { type: 'array', items: { type: 'string' }, description: 'Registries, for example docker.io' },
    },
  },
  needs: ['originalImages'],
  check: (subject, { registries }) =>
    checkImages(subject, ({ text }, container) => {
      const original = originalOf(subject, container);
      const about = { pointer: container.imagePointer };
      if (original.state === 'unknown') {
        const message = `cannot determine the registry of image ${quoteValue(text)}: ${original.reason}`;
        return { ...about, state: 'unknown', causedBy: original.causedBy, message };
      }
      if (registries.includes(original.value.domain)) return undefined;
      return { ...about, message: `image ${quoteValue(text)} is from ${original.value.domain}` };
    }),
});

export default [notPrivileged, teamImages, imageSize, originalRegistry];
