// From a pseudonym in research back to the household; for researchers and administrators only.
function (doc) {
  if (doc.type === 'household_summary') {
    emit(doc.pseudonym, null);
  }
}
