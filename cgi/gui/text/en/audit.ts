/** Texts of the page. */
export const audit = {
  soon: 'This page is being built.',
};
