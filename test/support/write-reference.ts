/** `make reference`: puts what is made from the code into README.md and etc/man. A test holds that it is there. */
import { configReference } from './config-reference.ts';
import { dialectReference } from './dialect-reference.ts';
import { writeManPages } from './man-pages.ts';
import { numberReference } from './number-reference.ts';
import { writeIntoReadme } from './readme.ts';

writeIntoReadme('numbers', numberReference());
writeIntoReadme('dialects', await dialectReference());
writeIntoReadme('configuration', configReference());
writeManPages();
