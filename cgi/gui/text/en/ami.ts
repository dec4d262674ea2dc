/** Texts of the page. */
export const ami = {
  soon: 'This page is being built.',
};
