/** Texts of the page. */
export const truth = {
  soon: 'This page is being built.',
};
