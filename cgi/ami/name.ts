/** The name of an AMI user, as a parameter. */
import * as v from 'valibot';

export const amiUserName = v.pipe(
  v.string(),
  v.description('of the AMI user'),
  v.regex(/^[A-Za-z0-9._-]{1,64}$/, 'must be 1 to 64 letters, digits, . _ -'),
);
