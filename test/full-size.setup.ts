// Property tests generate what they say: without this, an array of at most 300 entries has ten.
import fc from 'fast-check';

fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });
