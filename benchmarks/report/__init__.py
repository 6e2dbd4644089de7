"""The report for a firm's owner and for a funder: one document as PDF, page and workbook, in two languages."""
