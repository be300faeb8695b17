// Households by city, then name.
function (doc) {
  if (doc.type === 'household_summary') {
    emit([doc.city || null, doc.name || null], null);
  }
}
