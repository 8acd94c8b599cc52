"""First names that the sample takes as a woman's or a man's; who has another name is left without a gender."""

from __future__ import annotations

WOMEN = frozenset(
    """
    Jennifer Michelle Lisa Jessica Melissa Sarah Amanda Elizabeth Ashley Stephanie Kimberly Nicole Mary Laura Heather
    Amy Karen Christine Rebecca Patricia Angela Rachel Emily Susan Cynthia Kathleen Julie Amber Sandra Samantha Maria
    Jacqueline Teresa Katherine Deborah Danielle Margaret Lauren Dawn Linda Barbara Tina Nancy Megan Denise Pamela
    Catherine Debra Victoria Sara Diana Tammy Christina Diane Anna Erin Julia Hannah Brenda Lori Carol Wendy Valerie
    Crystal Jasmine Suzanne Brittany Tiffany Donna Anne Katie Holly Janet Natalie Paula Vanessa Sharon April Erica
    Kayla Alice Alyssa Cindy Olivia Monica Kathryn Melanie Tara Cheryl Lindsey Jill Alexandria Chelsea Natasha Sheila
    Charlotte Kristina Alicia Kristen Claire Sherry Lorraine Abigail Janice Theresa Brianna Annette Sophie Renee
    Allison Jade Carolyn Nathalie Joanne Jenna Stacey Alexandra Caroline Joanna Yvonne Cassandra Kristin Kelsey Ruth
    Judith Brandy Monique Joyce Louise Sylvia Ann Rhonda Beth Lydia Simone Emma Debbie Gina Bethany Brooke Charlene
    Maggie Kate Leah Melinda Margot Molly Tanya Alison Helen Katrina Rachael Eileen Gabrielle Adrienne Carrie Susanne
    Grace Carla Madison Pauline Tamara Jane Carly Océane Chloe Veronica Lucy Joan Laetitia Frances Hayley Heidi Anita
    Victoire Bonnie Sabrina Maureen Anouk Rita Martine Carole Dorothy Sabine Deanna Adèle Aimee Sylvie Antoinette
    Shelly Marie Angelika Leonie Verena Birte Irmtraut Priya Radha Aishani Meera Mahika Harini Bhavya Kala Krista
    """.split()  # noqa: SIM905
)

MEN = frozenset(
    """
    Michael David Christopher Robert James John William Joseph Matthew Thomas Daniel Jason Brian Andrew Joshua Mark
    Kevin Anthony Richard Eric Timothy Steven Charles Paul Ryan Jeffrey Benjamin Jonathan Scott Brandon Kenneth Jacob
    Patrick Nicholas Justin Gregory Adam Stephen Donald Nathan Kyle Jeremy Gary Aaron Samuel Jose Peter Tyler Sean
    Bryan George Edward Victor Phillip Ronald Raymond Craig Zachary Alexander Christian Keith Frank Douglas Arthur
    Dennis Roger Todd Austin Chad Derek Vincent Marcus Alan Maurice Cody Bruce Ian Bradley Ricky Brett Jesse Philip
    Carl Marc Martin Roy Lawrence Billy Dominic Gabriel Luke Dylan Russell Shane Louis Henry Wayne Jack Alfred Barry
    Shawn Frederick Tony Isaac Trevor Travis Denis Gerald Adrian Max Antonio Leonard Henri Mitchell Harry Dustin André
    Troy Nathaniel Jerry Joel Brent Gareth Oliver Carlos Liam Guy Ben Darren Xavier Jeffery Julian Joe Randall Lucas
    Dean Leon Gerard Howard Mathew Caleb Théophile Juan Jake Larry Hugh Glenn Francis Oscar Nicolas Neil Miguel Tom
    Eugène Abdul Colin Mario Tristan Karl Mohamed Adrien Owen Corey Shaun Jeff Ethan Antoine Rodney Albert Toby Noah
    Augustin Elliot Johnny Glen Gilbert Conor Derrick Luis Jerome Krishna Rohan Aryan Karan Ishaan Vivaan Volker
    Markus Hermann Josef Friedhelm Lothar
    """.split()  # noqa: SIM905
)
